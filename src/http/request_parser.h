// One request, from header and body bytes to a Request. Beast's parser reads the grammar; what it lets pass and what
// decides where a message ends (RFC 9112, 6 and 11.2) is checked here, strictly: two servers that read one message
// differently are how requests are smuggled.
//
// Concurrency  single-owner
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "base/error.h"
#include "http/message.h"

namespace pando::http {

// An answer in place of the handler's: the connection is closed after it, for where the next request begins is unsure.
struct Refusal {
  int status;
  Error error;
};

class RequestParser : private boost::beast::http::basic_parser<true> {
 public:
  struct Limits {
    uint64_t body_bytes_max;
    uint64_t header_bytes_max;  // also bounds chunk extensions and trailers, which count for nothing else
  };

  // Fills `request` (method, target, headers, body); it must outlive the parser. One parser is one request.
  RequestParser(Request& request, Limits limits);

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
  bool done() const { return is_done(); }
  // The client wants to use the connection again. REQUIRES: the header was parsed.
  bool wants_keep_alive() const { return keep_alive(); }
  // The client waits for 100 Continue before it sends the body.
  bool expects_continue() const { return expects_continue_; }
  bool is_http10() const { return version_ == 10; }

 private:
  using ErrorCode = boost::beast::error_code;
  using StringView = boost::beast::string_view;
  using Verb = boost::beast::http::verb;
  using FieldName = boost::beast::http::field;

  void on_request_impl(Verb, StringView method, StringView target, int version, ErrorCode&) override;
  void on_response_impl(int, StringView, int, ErrorCode&) override;
  void on_field_impl(FieldName, StringView name, StringView value, ErrorCode&) override;
  void on_header_impl(ErrorCode&) override;
  void on_body_init_impl(const boost::optional<uint64_t>& length, ErrorCode&) override;
  size_t on_body_impl(StringView bytes, ErrorCode&) override;
  void on_chunk_header_impl(uint64_t size, StringView extensions, ErrorCode&) override;
  size_t on_chunk_body_impl(uint64_t, StringView bytes, ErrorCode&) override;
  void on_finish_impl(ErrorCode&) override;

  void NoteField(FieldName name, std::string_view value);
  std::optional<Refusal> CheckFraming() const;
  std::optional<Refusal> CheckHost() const;
  std::optional<Refusal> CheckLength() const;
  Refusal Explain(ErrorCode failure, std::string_view block) const;

  Request& request_;
  const Limits limits_;
  int version_ = 0;
  uint32_t hosts_ = 0;
  uint32_t lengths_ = 0;
  uint32_t codings_ = 0;
  bool header_done_ = false;
  bool length_is_digits_ = true;
  bool host_is_valid_ = true;
  bool expects_continue_ = false;
  bool expects_other_ = false;
  std::string coding_;           // the value of Transfer-Encoding
  uint64_t overhead_bytes_ = 0;  // chunk extensions and trailers so far
};

}  // namespace pando::http
