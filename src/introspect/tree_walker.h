// Goes through the text form of a stored parse tree (introspect/node_tree.h), token by token.
//
// Internal to introspect/.
// Concurrency  single-owner
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/names.h"

namespace pando::introspect {

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
class TreeWalker {
 public:
  enum class Step { kEnd, kOpenNode, kCloseNode, kOpenList, kCloseList, kValue };

  explicit TreeWalker(std::string_view tree) : tokens_(tree) {}

  Step Next() {
    std::string_view token = tokens_.Next();
    begins_field_ = token.size() > 1 && token[0] == ':';
    if (begins_field_) {
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
  bool begins_field() const { return begins_field_; }  // this step
  std::string_view value() const { return value_; }    // or the tag of a node just opened
  int depth() const { return depth_; }

 private:
  Tokens tokens_;
  std::string_view field_;
  bool begins_field_ = false;
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

// current_setting(text) and current_setting(text, boolean); the type text (pg_proc.dat, pg_type.dat).
inline constexpr std::array<catalog::Oid, 2> kCurrentSetting = {2077, 3294};
inline constexpr std::string_view kTextType = "25";

inline bool IsCurrentSetting(catalog::Oid function) {
  return std::find(kCurrentSetting.begin(), kCurrentSetting.end(), function) != kCurrentSetting.end();
}

// A constant's value as it is printed: its length, then its bytes as signed numbers in brackets. Of type text they
// begin with a header of four bytes, which holds the length times four in the server's own byte order (varatt.h).
class TextConstant {
 public:
  void TakeField(std::string_view field, std::string_view value) {
    if (field == "consttype") is_text_ = value == kTextType;
    if (field == "constisnull" && value != "false") is_text_ = false;
    if (field != "constvalue") return;
    if (!length_) {
      length_ = ParseNumber<int>(value);
    } else if (const auto byte = ParseNumber<int>(value)) {
      bytes_ += static_cast<char>(*byte);
    }
  }

  // nullopt when it is no text, or none that is understood.
  std::optional<std::string> text() const {
    if (!is_text_ || !length_ || bytes_.size() != static_cast<size_t>(*length_) || bytes_.size() < kHeaderBytes) {
      return std::nullopt;
    }
    uint32_t header = 0;
    std::memcpy(&header, bytes_.data(), kHeaderBytes);
    const auto length = static_cast<uint32_t>(bytes_.size());
    if (header != (std::endian::native == std::endian::little ? length << 2 : length)) return std::nullopt;
    return bytes_.substr(kHeaderBytes);
  }

 private:
  static constexpr size_t kHeaderBytes = 4;

  bool is_text_ = false;
  std::optional<int> length_;
  std::string bytes_;
};

}  // namespace pando::introspect
