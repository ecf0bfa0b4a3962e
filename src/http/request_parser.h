// The requests of a connection, one after the other, from header and body bytes to a Request. Each byte of a header is
// read once, and where a message ends is decided strictly (RFC 9112, 6 and 11.2): two servers that read one message
// differently are how requests are smuggled.
//
// A client mostly sends the same fields with every request. Where they are those of the request before, byte for byte,
// they are compared and not parsed.
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

  // Fills `request` (method, target, headers, body); it must outlive the parser. What else changes the headers clears
  // them.
  RequestParser(Request& request, Limits limits) : request_(request), limits_(limits) {}

  // `block` is the header from the method to the empty line. A refusal is one of
  //   400 malformed, a target that is not for an origin server, or a smuggling shape
  //   411 length needed                     413 announces more than body_bytes_max
  //   417 unknown expectation               431 too many fields        501 unknown transfer coding    505 version
  // 411 is for a body whose end only closing could mark: POST, PUT or PATCH in HTTP/1.0 without Content-Length, and
  // `Expect: 100-continue` without a length. Otherwise HTTP/1.1 without a length means no body (RFC 9112, 6.3).
  std::optional<Refusal> ParseHeader(std::string_view block);

  // The size of the header that `received` begins with, when it is whole, its fields are those that the request still
  // has from before, and there is nothing to refuse. 0: it must be found and parsed; method and target are then not
  // to be relied on.
  size_t ParseRepeated(std::string_view received);

  // Takes body bytes and adds to `consumed` those that will not be needed again. 400, 413 or 431.
  // REQUIRES: the header was parsed and !done().
  std::optional<Refusal> ParseBody(std::string_view bytes, size_t& consumed);

  // The request is whole.
  bool done() const { return header_done_ && body_rest_ == 0 && (!chunks_ || chunks_->done()); }
  // The client wants to use the connection again. REQUIRES: the header was parsed.
  bool wants_keep_alive() const { return !framing_.asks_close && (version_ == 11 || framing_.asks_keep_alive); }
  // Bytes of body that the header announces; 0 for one in chunks.
  uint64_t body_bytes_announced() const { return chunks_ ? 0 : framing_.length; }
  // The client waits for 100 Continue before it sends the body.
  bool expects_continue() const { return framing_.expects_continue; }
  bool is_http10() const { return version_ == 10; }

 private:
  // What the fields say of where the message ends and what becomes of the connection.
  struct Framing {
    bool is_known = false;  // all fields were parsed
    uint32_t hosts = 0;
    uint32_t lengths = 0;
    uint32_t codings = 0;
    bool host_is_valid = true;
    bool length_is_valid = true;
    bool expects_continue = false;
    bool expects_other = false;
    bool asks_close = false;
    bool asks_keep_alive = false;
    std::string_view coding;  // the value of Transfer-Encoding, while the header is parsed
    uint64_t length = 0;      // the value of Content-Length
  };

  void BeginMessage();
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
  Framing framing_;
  bool header_done_ = false;
  uint64_t body_rest_ = 0;  // bytes of Content-Length that have not come
  std::unique_ptr<ChunkedBody> chunks_;
};

}  // namespace pando::http
