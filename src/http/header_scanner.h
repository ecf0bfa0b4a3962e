// Finds where a request's header ends while it arrives, looking at each byte once, so that the parser meets a header
// only when it is whole: its size limit is exact, and shapes that parsers read differently are refused on sight.
//
// Concurrency  single-owner
#pragma once

#include <cstddef>
#include <string_view>

namespace pando::http {

class HeaderScanner {
 public:
  enum class State {
    kIncomplete,
    kComplete,   // size() bytes are the header
    kMalformed,  // problem() says why
  };

  // `received` starts at the request's first byte and has grown since the last call. Empty lines before the request
  // line are part of the header (RFC 9112, 2.2) and told by start().
  //
  // Malformed are: a line that ends in LF alone, a line folded onto the next (obs-fold), white space before the first
  // field, and a first byte that cannot begin a method.
  State Scan(std::string_view received);

  // Bytes before the request line. REQUIRES: kComplete.
  size_t start() const { return start_; }
  // Bytes up to and with the empty line. REQUIRES: kComplete.
  size_t size() const { return scanned_; }
  // Whether the whole request line has been seen.
  bool has_request_line() const { return lines_ > 0; }
  std::string_view problem() const { return problem_; }

 private:
  State Fail(std::string_view problem);

  size_t start_ = 0;
  size_t line_start_ = 0;  // of the line that is not complete yet
  size_t scanned_ = 0;     // bytes that need not be looked at again
  size_t lines_ = 0;       // complete lines, without the empty ones before the request line
  std::string_view problem_;
};

}  // namespace pando::http
