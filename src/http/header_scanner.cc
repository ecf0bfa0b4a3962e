#include "http/header_scanner.h"

#include <cstring>

#include "base/ascii.h"
#include "http/characters.h"

namespace pando::http {

HeaderScanner::State HeaderScanner::Fail(std::string_view problem) {
  problem_ = problem;
  return State::kMalformed;
}

HeaderScanner::State HeaderScanner::Scan(std::string_view received) {
  if (received.empty()) return State::kIncomplete;
  while (const void* found = std::memchr(received.data() + scanned_, '\n', received.size() - scanned_)) {
    const size_t feed = static_cast<size_t>(static_cast<const char*>(found) - received.data());
    if (feed == line_start_ || received[feed - 1] != '\r') return Fail("a line ends without a carriage return");
    const std::string_view line = received.substr(line_start_, feed - 1 - line_start_);
    line_start_ = scanned_ = feed + 1;
    if (line.empty() && lines_ > 0) return State::kComplete;
    if (line.empty()) {
      start_ = line_start_;
      continue;
    }
    if (lines_ > 0 && IsBlank(line.front())) return Fail("a header line begins with white space");
    if (lines_ == 0 && !IsTokenChar(line.front())) return Fail("the request line begins with no method");
    ++lines_;
  }
  scanned_ = received.size();
  if (lines_ == 0 && received.size() > line_start_ && received[line_start_] != '\r' &&
      !IsTokenChar(received[line_start_])) {
    return Fail("this is not HTTP");
  }
  return State::kIncomplete;
}

}  // namespace pando::http
