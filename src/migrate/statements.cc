#include "migrate/statements.h"

#include <algorithm>
#include <array>
#include <string>

namespace pando::migrate {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool StartsName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool ContinuesName(char c) { return StartsName(c) || IsDigit(c) || c == '$'; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return lower;
}

// Walks over the tokens that may hide a semicolon. Each Skip returns the index behind what begins at `i`; what has no
// end goes to the end of the script, where PostgreSQL will complain of it.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  bool Starts(size_t i, std::string_view token) const { return text_.substr(i).starts_with(token); }

  bool IsCommentOrSpace(size_t i) const { return IsSpace(text_[i]) || Starts(i, "--") || Starts(i, "/*"); }

  size_t SkipCommentOrSpace(size_t i) const {
    if (Starts(i, "--")) return std::min(text_.find('\n', i), text_.size());
    if (!Starts(i, "/*")) return i + 1;
    int depth = 0;  // they nest
    while (i < text_.size()) {
      if (Starts(i, "/*")) {
        ++depth;
        i += 2;
      } else if (Starts(i, "*/")) {
        i += 2;
        if (--depth == 0) return i;
      } else {
        ++i;
      }
    }
    return text_.size();
  }

  size_t SkipQuoted(size_t i, bool backslashes) const {
    const char quote = text_[i++];
    for (; i < text_.size(); ++i) {
      if (backslashes && text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote) {
        if (i + 1 == text_.size() || text_[i + 1] != quote) return i + 1;
        ++i;
      }
    }
    return text_.size();
  }

  // "$tag$ ... $tag$"; a dollar that begins no such thing (a parameter) is one character.
  size_t SkipDollar(size_t i) const {
    size_t end = i + 1;
    if (end < text_.size() && IsDigit(text_[end])) return end;
    while (end < text_.size() && text_[end] != '$' && ContinuesName(text_[end])) ++end;
    if (end == text_.size() || text_[end] != '$') return i + 1;
    const std::string_view tag = text_.substr(i, end + 1 - i);
    const size_t close = text_.find(tag, end + 1);
    return close == std::string_view::npos ? text_.size() : close + tag.size();
  }

  size_t SkipName(size_t i) const {
    while (i < text_.size() && ContinuesName(text_[i])) ++i;
    return i;
  }

  // Any token. `name` is set when it is a bare word.
  size_t SkipToken(size_t i, std::string_view& name) const {
    name = {};
    const char c = text_[i];
    if (IsCommentOrSpace(i)) return SkipCommentOrSpace(i);
    if (c == '\'' || c == '"') return SkipQuoted(i, false);
    if ((c == 'e' || c == 'E') && Starts(i + 1, "'")) return SkipQuoted(i + 1, true);
    if (c == '$') return SkipDollar(i);
    if (!StartsName(c)) return IsDigit(c) ? SkipName(i) : i + 1;
    const size_t end = SkipName(i);
    name = text_.substr(i, end - i);
    return end;
  }

 private:
  const std::string_view text_;
};

// Follows one statement to see whether a semicolon is inside of it.
class Nesting {
 public:
  bool outermost() const { return parentheses_ <= 0 && blocks_ == 0; }

  void See(char c) {
    if (c == '(') ++parentheses_;
    if (c == ')') --parentheses_;
  }

  void SeeName(std::string_view name) {
    const std::string word = Lower(name);
    if (names_seen_ < names_.size()) names_[names_seen_++] = word;
    if (parentheses_ > 0 || !MakesRoutine()) return;
    // BEGIN opens the body; CASE ends with END too, but only counts inside.
    if (word == "begin" || (word == "case" && blocks_ > 0)) ++blocks_;
    if (word == "end" && blocks_ > 0) --blocks_;
  }

 private:
  bool MakesRoutine() const {
    if (names_[0] != "create") return false;
    const std::string& what = names_[1] == "or" && names_[2] == "replace" ? names_[3] : names_[1];
    return what == "function" || what == "procedure";
  }

  int parentheses_ = 0;
  int blocks_ = 0;
  std::array<std::string, 4> names_;
  size_t names_seen_ = 0;
};

size_t StatementEnd(const Lexer& lexer, std::string_view script, size_t start) {
  Nesting nesting;
  size_t i = start;
  while (i < script.size()) {
    if (script[i] == ';' && nesting.outermost()) return i;
    std::string_view name;
    const size_t next = lexer.SkipToken(i, name);
    if (!name.empty()) {
      nesting.SeeName(name);
    } else if (next == i + 1) {
      nesting.See(script[i]);
    }
    i = next;
  }
  return i;
}

std::vector<std::string> Words(std::string_view statement) {
  const Lexer lexer(statement);
  std::vector<std::string> words;
  for (size_t i = 0; i < statement.size();) {
    std::string_view name;
    i = lexer.SkipToken(i, name);
    if (!name.empty()) words.push_back(Lower(name));
  }
  return words;
}

}  // namespace

std::vector<Statement> SplitStatements(std::string_view script) {
  const Lexer lexer(script);
  std::vector<Statement> statements;
  int line = 1;
  size_t counted = 0;
  for (size_t i = 0; i < script.size();) {
    if (lexer.IsCommentOrSpace(i)) {
      i = lexer.SkipCommentOrSpace(i);
      continue;
    }
    const size_t end = StatementEnd(lexer, script, i);
    line += static_cast<int>(std::count(script.begin() + static_cast<std::ptrdiff_t>(counted),
                                        script.begin() + static_cast<std::ptrdiff_t>(i), '\n'));
    counted = i;
    if (end > i) statements.push_back({script.substr(i, end - i), line});
    i = std::min(end + 1, script.size());
  }
  return statements;
}

bool ControlsTransaction(std::string_view statement) {
  return BeginsTransaction(statement) || EndsTransaction(statement);
}

bool BeginsTransaction(std::string_view statement) {
  const std::vector<std::string> words = Words(statement);
  if (words.empty()) return false;
  return words[0] == "begin" || (words[0] == "start" && words.size() > 1 && words[1] == "transaction");
}

bool EndsTransaction(std::string_view statement) {
  const std::vector<std::string> words = Words(statement);
  if (words.empty()) return false;
  const std::string& first = words[0];
  if (first == "rollback") return std::find(words.begin(), words.end(), "to") == words.end();
  if (first == "prepare") return words.size() > 1 && words[1] == "transaction";
  return first == "commit" || first == "end" || first == "abort";
}

bool CopiesFromClient(std::string_view statement) {
  const std::vector<std::string> words = Words(statement);
  return !words.empty() && words[0] == "copy" && std::find(words.begin(), words.end(), "stdin") != words.end();
}

}  // namespace pando::migrate
