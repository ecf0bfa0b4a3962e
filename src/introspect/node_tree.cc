#include "introspect/node_tree.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace pando::introspect {
namespace {

// Splits as the server's own reader does: blanks separate, parentheses and braces stand alone, a backslash takes the
// next character as it is.
class Tokens {
 public:
  explicit Tokens(std::string_view tree) : rest_(tree) {}

  // Empty at the end.
  std::string_view Next() {
    size_t begin = 0;
    while (begin < rest_.size() && IsBlank(rest_[begin])) ++begin;
    size_t end = begin;
    if (end < rest_.size() && IsBracket(rest_[end])) {
      ++end;
    } else {
      while (end < rest_.size() && !IsBlank(rest_[end]) && !IsBracket(rest_[end])) {
        end += rest_[end] == '\\' && end + 1 < rest_.size() ? 2 : 1;
      }
    }
    const std::string_view token = rest_.substr(begin, end - begin);
    rest_.remove_prefix(end);
    return token;
  }

 private:
  static bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\t'; }
  static bool IsBracket(char c) { return c == '(' || c == ')' || c == '{' || c == '}'; }

  std::string_view rest_;
};

// Walks a tree and tells fields from values. The token after a field's name is always a value, even when it begins with
// a colon: a column alias may be ":funcid".
class Walker {
 public:
  enum class Step { kEnd, kOpenNode, kCloseNode, kOpenList, kCloseList, kValue };

  explicit Walker(std::string_view tree) : tokens_(tree) {}

  Step Next() {
    std::string_view token = tokens_.Next();
    if (token.size() > 1 && token[0] == ':') {
      field_ = token.substr(1);
      token = tokens_.Next();
    }
    if (token.empty()) return Step::kEnd;
    value_ = token;
    if (token == "{") {
      value_ = tokens_.Next();  // the node's tag
      ++depth_;
      return Step::kOpenNode;
    }
    if (token == "}") {
      --depth_;
      return Step::kCloseNode;
    }
    if (token == "(") return Step::kOpenList;
    if (token == ")") return Step::kCloseList;
    return Step::kValue;
  }

  std::string_view field() const { return field_; }
  std::string_view value() const { return value_; }  // or the tag of a node just opened
  int depth() const { return depth_; }

 private:
  Tokens tokens_;
  std::string_view field_;
  std::string_view value_;
  int depth_ = 0;
};

template <class Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <size_t N>
bool EndsWithOneOf(std::string_view field, const std::array<std::string_view, N>& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return field.ends_with(ending); });
}

// By their endings rather than one by one, so that a field that a new major version brings is seen as well. What a
// looser match finds beyond the wanted are small numbers (joinType, commandType), which are no user-defined type.
constexpr std::array<std::string_view, 4> kFunctionFields = {"funcid", "fnoid", "InRangeFunc", "tsmhandler"};
constexpr std::array<std::string_view, 4> kOperatorFields = {"opno", "opnos", "eqop", "sortop"};
constexpr std::array<std::string_view, 7> kTypeFields = {"type", "types", "Type", "Types", "typeid", "typid", "typeId"};

// SQLValueFunctionOp: up to 8 are the current date and time in their forms, then come role, user and schema.
constexpr int kLastTimeValue = 8;
constexpr int kSelectCommand = 1;

void AddUserDefined(std::vector<Oid>& oids, std::optional<Oid> oid) {
  if (oid && *oid >= kFirstUserOid) oids.push_back(*oid);
}

void SortUnique(std::vector<Oid>& oids) {
  std::sort(oids.begin(), oids.end());
  oids.erase(std::unique(oids.begin(), oids.end()), oids.end());
}

class ReferenceReader {
 public:
  explicit ReferenceReader(std::string_view tree) : walker_(tree) {}

  NodeReferences Run() {
    using Step = Walker::Step;
    for (Step step = walker_.Next(); step != Step::kEnd; step = walker_.Next()) {
      if (step == Step::kOpenNode) tag_ = walker_.value();
      if (step == Step::kValue) TakeValue(walker_.field(), walker_.value());
    }
    SortUnique(found_.functions);
    SortUnique(found_.operators);
    SortUnique(found_.types);
    SortUnique(found_.relations);
    return std::move(found_);
  }

 private:
  // A list of oids, "(o 96 97)", comes here number by number under the name of its field.
  void TakeValue(std::string_view field, std::string_view value) {
    if (EndsWithOneOf(field, kFunctionFields)) {
      const auto oid = ParseNumber<Oid>(value);
      if (oid && *oid != 0) found_.functions.push_back(*oid);
    } else if (EndsWithOneOf(field, kOperatorFields)) {
      AddUserDefined(found_.operators, ParseNumber<Oid>(value));
    } else if (field == "relid") {
      const auto oid = ParseNumber<Oid>(value);
      if (oid && *oid != 0) found_.relations.push_back(*oid);
    } else if (field == "commandType") {
      if (ParseNumber<int>(value) != kSelectCommand) found_.writes = true;
    } else if (field == "hasForUpdate") {
      if (value == "true") found_.writes = true;
    } else if (EndsWithOneOf(field, kTypeFields)) {
      AddUserDefined(found_.types, ParseNumber<Oid>(value));
    } else if (field == "op" && tag_ == "SQLVALUEFUNCTION") {
      if (ParseNumber<int>(value).value_or(kLastTimeValue + 1) > kLastTimeValue) found_.reads_identity = true;
    }
  }

  Walker walker_;
  std::string_view tag_;  // of the node opened last: enough for nodes whose fields of interest come before children
  NodeReferences found_;
};

class TargetReader {
 public:
  explicit TargetReader(std::string_view tree) : walker_(tree) {}

  std::vector<TargetOrigin> Run() {
    using Step = Walker::Step;
    for (Step step = walker_.Next(); step != Step::kEnd && !done_; step = walker_.Next()) {
      switch (step) {
        case Step::kOpenNode:
          OpenNode();
          break;
        case Step::kCloseNode:
          if (in_target_list_ && walker_.depth() == kQueryDepth) CloseTarget();
          break;
        case Step::kOpenList:
          if (walker_.depth() == kQueryDepth) in_target_list_ = walker_.field() == "targetList";
          break;
        case Step::kCloseList:
          if (in_target_list_ && walker_.depth() == kQueryDepth) done_ = true;
          break;
        case Step::kValue:
          if (in_target_list_ && walker_.depth() == kTargetDepth) TakeValue();
          break;
        case Step::kEnd:
          break;
      }
    }
    return std::move(origins_);
  }

 private:
  static constexpr int kQueryDepth = 1;
  static constexpr int kTargetDepth = 2;

  void OpenNode() {
    if (!in_target_list_ || walker_.depth() != kTargetDepth) return;
    target_ = {};
    is_junk_ = false;
  }

  void TakeValue() {
    const std::string_view field = walker_.field();
    if (field == "resno") target_.position = ParseNumber<int>(walker_.value()).value_or(0);
    if (field == "resorigtbl") target_.relation = ParseNumber<Oid>(walker_.value()).value_or(0);
    if (field == "resorigcol") target_.relation_column = ParseNumber<int>(walker_.value()).value_or(0);
    if (field == "resjunk") is_junk_ = walker_.value() != "false";
  }

  void CloseTarget() {
    if (!is_junk_ && target_.relation != 0 && target_.relation_column > 0) origins_.push_back(target_);
  }

  Walker walker_;
  bool in_target_list_ = false;
  bool done_ = false;
  bool is_junk_ = false;
  TargetOrigin target_;
  std::vector<TargetOrigin> origins_;
};

}  // namespace

NodeReferences ReadReferences(std::string_view tree) { return ReferenceReader(tree).Run(); }

std::vector<TargetOrigin> ReadTargetOrigins(std::string_view tree) { return TargetReader(tree).Run(); }

}  // namespace pando::introspect
