#include "auth/role_path.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <charconv>
#include <optional>
#include <regex>

namespace pando::auth {

struct RolePath::Pattern {
  std::regex regex;
};

namespace {

using Step = RolePath::Step;
using StepKind = RolePath::StepKind;

constexpr size_t kStepsMax = 32;
// std::regex recurses once a character: a long string would cost the stack.
constexpr size_t kPatternSubjectBytesMax = 256;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         c == '@' || static_cast<unsigned char>(c) >= 0x80;
}

// Reads the notation from left to right; each method leaves `rest_` behind what it took, and says whether it fitted.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), rest_(text) {}

  Result<std::vector<Step>> Read() {
    Take("$");
    std::vector<Step> steps;
    while (!rest_.empty() || steps.empty()) {
      std::optional<Step> step = TakeStep();
      if (!step || steps.size() == kStepsMax) return Refusal();
      steps.push_back(std::move(*step));
    }
    return steps;
  }

 private:
  Error Refusal() const {
    return Error(ErrorId::kConfigInvalid,
                 "auth.role_claim_key \"" + std::string(text_) + "\" is not the path of a claim")
        .WithDetail("at character " + std::to_string(text_.size() - rest_.size() + 1))
        .WithHint("write a path such as .role, .app_metadata.roles[0] or $.roles[?(@ == 'author')]");
  }

  bool Take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  void TakeSpaces() {
    while (Take(" ")) {
    }
  }

  std::optional<Step> TakeStep() {
    if (Take("[")) {
      TakeSpaces();
      std::optional<Step> step = Take("?") ? TakeFilter() : TakeSubscript();
      TakeSpaces();
      return Take("]") ? std::move(step) : std::nullopt;
    }
    if (!Take(".")) return std::nullopt;
    if (rest_.starts_with('"')) return TakeQuotedName();
    const size_t size =
        static_cast<size_t>(std::find_if_not(rest_.begin(), rest_.end(), IsNameCharacter) - rest_.begin());
    if (size == 0) return std::nullopt;
    Step step{.kind = StepKind::kName, .text = std::string(rest_.substr(0, size)), .index = 0, .pattern = nullptr};
    rest_.remove_prefix(size);
    return step;
  }

  std::optional<Step> TakeSubscript() {
    if (rest_.starts_with('"') || rest_.starts_with('\'')) return TakeQuotedName();
    Step step;
    step.kind = StepKind::kIndex;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), step.index);
    if (error != std::errc()) return std::nullopt;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return step;
  }

  std::optional<Step> TakeQuotedName() {
    std::optional<std::string> name = TakeQuoted();
    if (!name) return std::nullopt;
    Step step;
    step.text = std::move(*name);
    return step;
  }

  // A text in double or single quotes; a backslash takes the next character as it is.
  std::optional<std::string> TakeQuoted() {
    if (rest_.empty() || (rest_[0] != '"' && rest_[0] != '\'')) return std::nullopt;
    const char quote = rest_[0];
    std::string text;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == quote) {
        rest_.remove_prefix(i + 1);
        return text;
      }
      // Only a quote or a backslash is escaped: regular expressions keep their own backslashes.
      if (rest_[i] == '\\' && i + 1 < rest_.size() && (rest_[i + 1] == quote || rest_[i + 1] == '\\')) ++i;
      text.push_back(rest_[i]);
    }
    return std::nullopt;
  }

  std::optional<Step> TakeFilter() {
    TakeSpaces();
    const bool parenthesis = Take("(");
    TakeSpaces();
    std::optional<Step> step = rest_.starts_with('@') ? TakeComparison() : TakeFunction();
    TakeSpaces();
    if (parenthesis && !Take(")")) return std::nullopt;
    return step;
  }

  std::optional<Step> TakeComparison() {
    // The longer operators first: each is found by its beginning.
    static constexpr auto kOperators = std::to_array<std::pair<std::string_view, StepKind>>({
        {"==^", StepKind::kEndsWith},
        {"^==", StepKind::kBeginsWith},
        {"*==", StepKind::kContains},
        {"==", StepKind::kEquals},
        {"!=", StepKind::kDiffers},
    });
    Take("@");
    TakeSpaces();
    for (const auto& [token, kind] : kOperators) {
      if (!Take(token)) continue;
      TakeSpaces();
      std::optional<Step> step = TakeQuotedName();
      if (step) step->kind = kind;
      return step;
    }
    return std::nullopt;
  }

  std::optional<Step> TakeFunction() {
    const bool search = Take("search(");
    if (!search && !Take("match(")) return std::nullopt;
    TakeSpaces();
    if (!Take("@")) return std::nullopt;
    TakeSpaces();
    if (!Take(",")) return std::nullopt;
    TakeSpaces();
    std::optional<Step> step = TakeQuotedName();
    TakeSpaces();
    if (!step || !Take(")")) return std::nullopt;
    step->kind = search ? StepKind::kSearch : StepKind::kMatch;
    try {
      step->pattern = std::make_shared<const RolePath::Pattern>(RolePath::Pattern{std::regex(step->text)});
    } catch (const std::regex_error&) {
      return std::nullopt;
    }
    return step;
  }

  const std::string_view text_;
  std::string_view rest_;
};

bool MatchesPattern(const Step& step, std::string_view text) {
  if (text.size() > kPatternSubjectBytesMax) return false;
  try {
    return step.kind == StepKind::kSearch ? std::regex_search(text.begin(), text.end(), step.pattern->regex)
                                          : std::regex_match(text.begin(), text.end(), step.pattern->regex);
  } catch (const std::regex_error&) {  // too complex for the implementation
    return false;
  }
}

bool Matches(const Step& step, const boost::json::value& element) {
  if (!element.is_string()) return false;
  const std::string_view text(element.get_string().data(), element.get_string().size());
  switch (step.kind) {
    case StepKind::kEquals:
      return text == step.text;
    case StepKind::kDiffers:
      return text != step.text;
    case StepKind::kBeginsWith:
      return text.starts_with(step.text);
    case StepKind::kEndsWith:
      return text.ends_with(step.text);
    case StepKind::kContains:
      return text.find(step.text) != std::string_view::npos;
    default:
      return MatchesPattern(step, text);
  }
}

const boost::json::value* Element(const boost::json::array& array, int64_t index) {
  const auto size = static_cast<int64_t>(array.size());
  if (index < 0) index += size;
  return index >= 0 && index < size ? &array[static_cast<size_t>(index)] : nullptr;
}

const boost::json::value* Apply(const Step& step, const boost::json::value& value) {
  if (step.kind == StepKind::kName) {
    return value.is_object() ? value.get_object().if_contains(step.text) : nullptr;
  }
  if (!value.is_array()) return nullptr;
  const boost::json::array& array = value.get_array();
  if (step.kind == StepKind::kIndex) return Element(array, step.index);
  const auto found = std::find_if(array.begin(), array.end(),
                                  [&](const boost::json::value& element) { return Matches(step, element); });
  return found == array.end() ? nullptr : &*found;
}

}  // namespace

Result<RolePath> RolePath::Parse(std::string_view text) {
  RolePath path;
  PANDO_TRY(path.steps_, Reader(text).Read());
  return path;
}

const boost::json::value* RolePath::Find(const boost::json::object& claims) const {
  if (steps_.empty() || steps_.front().kind != StepKind::kName) return nullptr;
  const boost::json::value* value = claims.if_contains(steps_.front().text);
  for (size_t i = 1; i < steps_.size() && value != nullptr; ++i) value = Apply(steps_[i], *value);
  return value;
}

}  // namespace pando::auth
