// One request, from header and body bytes to a Request. Each byte of a header is read once, and where a message ends
// is decided strictly (RFC 9112, 6 and 11.2): two servers that read one message differently are how requests are
// smuggled.
//
// Concurrency  single-owner
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "http/chunked_body.h"
#include "http/message.h"
#include "http/refusal.h"

namespace pando::http {

class RequestParser {
 public:
  struct Limits {
    uint64_t body_bytes_max;
    uint64_t header_bytes_max;  // also bounds chunk extensions and trailers
  };

  // Fills `request` (method, target, headers, body); it must outlive the parser. One parser is one request.
  RequestParser(Request& request, Limits limits) : request_(request), limits_(limits) {}

  // `block` is the header from the method to the empty line. A refusal is one of
  //   400 malformed or a smuggling shape    411 length needed          413 announces more than body_bytes_max
  //   417 unknown expectation               431 too many fields        501 unknown transfer coding    505 version
  // 411 is for a body whose end only closing could mark: POST, PUT or PATCH in HTTP/1.0 without Content-Length, and
  // `Expect: 100-continue` without a length. Otherwise HTTP/1.1 without a length means no body (RFC 9112, 6.3).
  std::optional<Refusal> ParseHeader(std::string_view block);

  // Takes body bytes and adds to `consumed` those that will not be needed again. 400, 413 or 431.
  // REQUIRES: the header was parsed and !done().
  std::optional<Refusal> ParseBody(std::string_view bytes, size_t& consumed);

  // The request is whole.
  bool done() const { return header_done_ && body_rest_ == 0 && (!chunks_ || chunks_->done()); }
  // The client wants to use the connection again. REQUIRES: the header was parsed.
  bool wants_keep_alive() const { return !asks_close_ && (version_ == 11 || asks_keep_alive_); }
  // The client waits for 100 Continue before it sends the body.
  bool expects_continue() const { return expects_continue_; }
  bool is_http10() const { return version_ == 10; }

 private:
  // Each takes what it reads off the front of `rest`.
  std::optional<Refusal> ParseRequestLine(std::string_view& rest);
  std::optional<Refusal> ParseField(std::string_view& rest);
  void NoteField(std::string_view name, std::string_view value);
  void NoteConnection(std::string_view value);
  std::optional<Refusal> CheckFraming() const;
  std::optional<Refusal> CheckHost() const;
  std::optional<Refusal> CheckLength() const;
  std::optional<Refusal> BeginBody();

  Request& request_;
  const Limits limits_;
  int version_ = 0;  // 10 or 11
  uint32_t hosts_ = 0;
  uint32_t lengths_ = 0;
  uint32_t codings_ = 0;
  bool header_done_ = false;
  bool host_is_valid_ = true;
  bool length_is_valid_ = true;
  bool expects_continue_ = false;
  bool expects_other_ = false;
  bool asks_close_ = false;
  bool asks_keep_alive_ = false;
  std::string_view coding_;  // the value of Transfer-Encoding, while the header is parsed
  uint64_t length_ = 0;      // the value of Content-Length
  uint64_t body_rest_ = 0;   // bytes of it that have not come
  std::unique_ptr<ChunkedBody> chunks_;
};

}  // namespace pando::http
