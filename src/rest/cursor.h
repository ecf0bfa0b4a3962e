// A Cursor walks over one decoded text (a parameter's key or value) and remembers how far the parser got and what it
// would have taken there. When the parse fails, that memory is the message a client reads:
//
//   "failed to parse order (id.asc.nullslasttt)" (line 1, column 17)      unexpected 't' expecting "," or end of input
//
// Expectations gather at the furthest position only; those at earlier positions are forgotten. A parser that commits to
// one of several alternatives calls ForgetFailures(), so that what the others wanted is no longer mentioned.
//
// Concurrency  single-owner
// Ownership    the text and all labels outlive the Cursor; labels are literals
// Bounds       remembers kExpectationsMax expectations, further ones are left out of the message
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace pando::rest {

// Labels that several parsers name.
inline constexpr std::string_view kEndOfInput = "end of input";
inline constexpr std::string_view kDelimiter = "delimiter (.)";
inline constexpr std::string_view kComma = "\",\"";
inline constexpr std::string_view kOpenParenthesis = "\"(\"";
inline constexpr std::string_view kCloseParenthesis = "\")\"";

class Cursor {
 public:
  static constexpr size_t kExpectationsMax = 16;

  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return position_ >= text_.size(); }
  size_t position() const { return position_; }
  std::string_view text() const { return text_; }
  std::string_view rest() const { return text_.substr(position_); }
  // The byte `ahead` of here, or NUL past the end (decoded texts hold no NUL).
  char peek(size_t ahead = 0) const { return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0'; }
  bool StartsWith(std::string_view prefix) const { return rest().starts_with(prefix); }

  void Advance(size_t bytes) { position_ += bytes; }
  void Seek(size_t position) { position_ = position; }
  // Blanks are spaces and tabs.
  void SkipBlanks() {
    while (peek() == ' ' || peek() == '\t') ++position_;
  }

  // Steps over `literal` if it is next, else notes that `label` was expected here.
  bool Take(std::string_view literal, std::string_view label) {
    if (StartsWith(literal)) {
      position_ += literal.size();
      return true;
    }
    Expect(label);
    return false;
  }

  // Notes that `label` would have been taken here, or at `position`.
  void Expect(std::string_view label) { ExpectAt(position_, label); }
  void ExpectAt(size_t position, std::string_view label) {
    if (position < furthest_) return;
    if (position > furthest_) {
      furthest_ = position;
      expected_count_ = 0;
    }
    if (expected_count_ < kExpectationsMax) expected_[expected_count_++] = label;
  }
  void ForgetFailures() { expected_count_ = 0, furthest_ = 0; }

  // Notes a failure that is not about the next character ("nested too deeply"); the first one is reported, at the
  // position where it was noted. Returns false, for `return in.Refuse(...)`.
  bool Refuse(std::string_view reason);

  // What went wrong, after a parse has failed: PGRST100 that names `what`, with `shown` as the text. `shown` is cut at
  // kShownBytesMax, so that an answer stays small whatever was sent.
  Error Failure(std::string_view what, std::string_view shown) const;
  Error Failure(std::string_view what) const { return Failure(what, text_); }

  static constexpr size_t kShownBytesMax = 2000;

 private:
  std::string Detail() const;

  std::string_view text_;
  size_t position_ = 0;
  size_t furthest_ = 0;
  std::array<std::string_view, kExpectationsMax> expected_;
  uint32_t expected_count_ = 0;
  std::string_view refusal_;
};

}  // namespace pando::rest
