#include "rest/json_scanner.h"

#include <string>

#include "base/ascii.h"
#include "rest/utf8.h"

namespace pando::rest {
namespace {

// Elements of an array are the deepest values that are reported.
constexpr uint32_t kReportedDepthMax = 1;

bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

class Scanner {
 public:
  Scanner(std::string_view text, uint32_t nesting_max, JsonListener& listener)
      : at_(text.data()), end_(text.data() + text.size()), nesting_max_(nesting_max), listener_(listener) {}

  // One round per value, key or closing bracket. Containers are a stack and not recursion, so that depth costs memory
  // that is bounded and no machine stack.
  bool Run() {
    State state = State::kValue;
    for (;;) {
      SkipSpace();
      if (state == State::kAfterValue && open_.empty()) return at_ == end_;
      if (at_ == end_ || !Step(state)) return false;
    }
  }
  bool is_too_deep() const { return is_too_deep_; }

 private:
  enum class State {
    kValue,         // a value must follow
    kFirstElement,  // a value or "]"
    kKey,           // a key must follow
    kFirstKey,      // a key or "}"
    kAfterValue,    // "," or what closes the container
  };

  uint32_t depth() const { return static_cast<uint32_t>(open_.size()); }
  // An object's keys are reported with the object's own depth. Objects in the root object are none of our business.
  bool Reported(uint32_t depth) const { return depth == 0 || (depth <= kReportedDepthMax && open_.front() == '['); }

  void SkipSpace() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  bool Step(State& state) {
    if (state == State::kAfterValue) return AfterValue(state);
    if (state == State::kFirstKey && *at_ == '}') return Close(state);
    if (state == State::kFirstElement && *at_ == ']') return Close(state);
    if (state == State::kKey || state == State::kFirstKey) return Key(state);
    return Value(state);
  }

  bool Value(State& state) {
    const char first = *at_;
    const bool opens = first == '{' || first == '[';
    if (Reported(depth())) {
      listener_.OnValue(depth(), first == '{' ? JsonKind::kObject : opens ? JsonKind::kArray : JsonKind::kScalar);
    }
    if (opens) {
      if (depth() >= nesting_max_) {
        is_too_deep_ = true;
        return false;
      }
      open_ += first;
      ++at_;
      state = first == '{' ? State::kFirstKey : State::kFirstElement;
      return true;
    }
    state = State::kAfterValue;
    if (first == '"') return String();
    if (first == '-' || IsDigit(first)) return Number();
    return Word("true") || Word("false") || Word("null");
  }

  bool Key(State& state) {
    const char* start = at_ + 1;
    if (*at_ != '"' || !String()) return false;
    const auto length = static_cast<size_t>(at_ - start) - 1;
    if (Reported(depth() - 1)) listener_.OnKey(depth() - 1, std::string_view(start, length));
    SkipSpace();
    if (at_ == end_ || *at_ != ':') return false;
    ++at_;
    state = State::kValue;
    return true;
  }

  bool AfterValue(State& state) {
    if (*at_ != ',') return Close(state);
    ++at_;
    state = open_.back() == '{' ? State::kKey : State::kValue;
    return true;
  }

  bool Close(State& state) {
    const bool object = open_.back() == '{';
    if (*at_ != (object ? '}' : ']')) return false;
    ++at_;
    open_.pop_back();
    if (object && Reported(depth())) listener_.OnObjectEnd(depth());
    state = State::kAfterValue;
    return true;
  }

  bool Word(std::string_view word) {
    if (!std::string_view(at_, static_cast<size_t>(end_ - at_)).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool Digits() {
    const char* start = at_;
    while (at_ != end_ && IsDigit(*at_)) ++at_;
    return at_ != start;
  }

  // [ "-" ] , ( "0" | digits without a leading zero ) , [ fraction ] , [ exponent ]
  bool Number() {
    if (*at_ == '-') ++at_;
    if (at_ != end_ && *at_ == '0') {
      ++at_;
    } else if (!Digits()) {
      return false;
    }
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      if (!Digits()) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!Digits()) return false;
    }
    return true;
  }

  // Steps behind the closing quote.
  bool String() {
    for (++at_; at_ != end_; ++at_) {
      if (*at_ == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(*at_) < 0x20) return false;
      if (*at_ == '\\' && !Escape()) return false;
    }
    return false;
  }

  // Steps to the last character of an escape.
  bool Escape() {
    if (++at_ == end_) return false;
    if (*at_ != 'u') return std::string_view("\"\\/bfnrt").find(*at_) != std::string_view::npos;
    for (int i = 0; i < 4; ++i) {
      if (++at_ == end_ || !IsHexDigit(*at_)) return false;
    }
    return true;
  }

  const char* at_;
  const char* const end_;
  const uint32_t nesting_max_;
  bool is_too_deep_ = false;
  JsonListener& listener_;
  std::string open_;  // the open containers, '{' or '[' each
};

}  // namespace

JsonCheck ScanJson(std::string_view text, uint32_t nesting_max, JsonListener& listener) {
  if (!IsValidUtf8(text)) return JsonCheck::kMalformed;
  Scanner scanner(text, nesting_max, listener);
  if (scanner.Run()) return JsonCheck::kValid;
  return scanner.is_too_deep() ? JsonCheck::kTooDeep : JsonCheck::kMalformed;
}

}  // namespace pando::rest
