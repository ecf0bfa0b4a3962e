#include "rest/cursor.h"

#include <algorithm>
#include <vector>

#include "rest/utf8.h"

namespace pando::rest {
namespace {

// `items` as "a, b or c", each named once.
std::string JoinWithOr(const std::vector<std::string_view>& items) {
  std::string joined;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) joined += i + 1 == items.size() ? " or " : ", ";
    joined += items[i];
  }
  return joined;
}

std::string Quoted(std::string_view character, char quote) {
  std::string text(1, quote);
  if (character.size() == 1 && (character[0] == quote || character[0] == '\\')) text += '\\';
  text += character;
  text += quote;
  return text;
}

// `text` cut to at most `bytes_max`, between two characters.
std::string Shortened(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  size_t end = bytes_max;
  while (end > 0 && IsUtf8Continuation(text[end])) --end;
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace

bool Cursor::Refuse(std::string_view reason) {
  if (refusal_.empty()) {
    refusal_ = reason;
    furthest_ = position_;
  }
  return false;
}

std::string Cursor::Detail() const {
  if (!refusal_.empty()) return std::string(refusal_);
  std::vector<std::string_view> labels;
  for (uint32_t i = 0; i < expected_count_; ++i) {
    if (std::find(labels.begin(), labels.end(), expected_[i]) == labels.end()) labels.push_back(expected_[i]);
  }
  std::string detail = "unexpected ";
  if (furthest_ >= text_.size()) {
    detail += kEndOfInput;
  } else {
    // A character that stands where the text might have ended is shown in single quotes; clients know it so.
    const bool end_expected = std::find(labels.begin(), labels.end(), kEndOfInput) != labels.end();
    detail += Quoted(Utf8CharacterAt(text_, furthest_), end_expected ? '\'' : '"');
  }
  if (!labels.empty()) detail += " expecting " + JoinWithOr(labels);
  return detail;
}

Error Cursor::Failure(std::string_view what, std::string_view shown) const {
  const std::string_view before = text_.substr(0, std::min(furthest_, text_.size()));
  const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t column = 1 + CountUtf8Characters(before.substr(line_start));
  std::string message = "\"failed to parse ";
  message += what;
  message += " (" + Shortened(shown, kShownBytesMax) + ")\" (line " + std::to_string(line);
  message += ", column " + std::to_string(column) + ")";
  return Error(ErrorId::kQueryParse, std::move(message)).WithDetail(Detail());
}

}  // namespace pando::rest
