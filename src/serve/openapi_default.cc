#include "serve/openapi_default.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace pando::serve {
namespace {

constexpr int kParenthesesMax = 16;

// What follows the first word of a type's name, as format_type() prints it.
constexpr std::array<std::string_view, 13> kTypeWords = {" varying",
                                                         " precision",
                                                         " with time zone",
                                                         " without time zone",
                                                         " year",
                                                         " month",
                                                         " day",
                                                         " hour",
                                                         " minute",
                                                         " second",
                                                         " to",
                                                         " COLLATE",
                                                         "[]"};

class ConstantReader {
 public:
  explicit ConstantReader(std::string_view text) : left_(text) {}

  std::optional<std::string> Read() {
    std::string value;
    if (!ReadValue(0, value) || !left_.empty()) return std::nullopt;
    return value;
  }

 private:
  bool ReadValue(int depth, std::string& value) {
    if (!ReadPrimary(depth, value)) return false;
    while (Take("::")) {
      if (!ReadTypeName()) return false;
    }
    return true;
  }

  bool ReadPrimary(int depth, std::string& value) {
    if (Take("(")) return depth < kParenthesesMax && ReadValue(depth + 1, value) && Take(")");
    if (Take("B'") || Take("'")) return ReadQuoted(value);
    for (const std::string_view word : {"true", "false"}) {
      if (!Take(word)) continue;
      value = word;
      return true;
    }
    return ReadNumber(value);
  }

  // Behind the opening quote.
  bool ReadQuoted(std::string& value) {
    for (;;) {
      const size_t quote = left_.find('\'');
      if (quote == std::string_view::npos) return false;
      value += left_.substr(0, quote);
      left_.remove_prefix(quote + 1);
      if (!Take("'")) return true;
      value += '\'';
    }
  }

  bool ReadNumber(std::string& value) {
    const size_t length = std::min(left_.find_first_not_of("+-.0123456789e"), left_.size());
    if (length == 0 || !(IsDigit(left_[0]) || (left_[0] == '-' && length > 1 && IsDigit(left_[1])))) return false;
    value = left_.substr(0, length);
    left_.remove_prefix(length);
    return true;
  }

  bool ReadTypeName() {
    if (!ReadIdentifier()) return false;
    while (Take(".")) {
      if (!ReadIdentifier()) return false;
    }
    while (ReadTypeWord()) continue;
    return true;
  }

  bool ReadTypeWord() {
    if (left_.starts_with('(')) {
      const size_t end = left_.find(')');
      if (end == std::string_view::npos) return false;
      left_.remove_prefix(end + 1);
      return true;
    }
    for (const std::string_view word : kTypeWords) {
      if (!Take(word)) continue;
      return word != " COLLATE" || (Take(" ") && ReadIdentifier());
    }
    return false;
  }

  bool ReadIdentifier() {
    if (Take("\"")) {
      const size_t end = left_.find('"');
      if (end == std::string_view::npos) return false;
      left_.remove_prefix(end + 1);
      return !left_.starts_with('"') || ReadIdentifier();  // "" within the name
    }
    const auto is_part = [](char c) {
      return (ToLower(c) >= 'a' && ToLower(c) <= 'z') || IsDigit(c) || c == '_' || c == '$' ||
             static_cast<unsigned char>(c) >= 0x80;
    };
    const auto end = std::find_if_not(left_.begin(), left_.end(), is_part);
    const auto length = static_cast<size_t>(end - left_.begin());
    left_.remove_prefix(length);
    return length > 0;
  }

  bool Take(std::string_view literal) {
    if (!left_.starts_with(literal)) return false;
    left_.remove_prefix(literal.size());
    return true;
  }

  std::string_view left_;
};

}  // namespace

std::optional<std::string> ConstantText(std::string_view expression) { return ConstantReader(expression).Read(); }

}  // namespace pando::serve
