// A body that comes in chunks (RFC 9112, 7.1). Beast's parser takes them apart; what it lets pass is checked here.
//
// Concurrency  single-owner
// Bounds       bytes_max of body, overhead_bytes_max of chunk extensions and trailers, which count for nothing else
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "http/refusal.h"

namespace pando::http {

class ChunkedBody : private boost::beast::http::basic_parser<true> {
 public:
  struct Limits {
    uint64_t bytes_max;
    uint64_t overhead_bytes_max;
  };

  // Appends to `body`, which must outlive it.
  ChunkedBody(std::string& body, Limits limits);

  // Takes bytes and adds to `consumed` those that will not be needed again. 400, 413 or 431.
  // REQUIRES: !done()
  std::optional<Refusal> Take(std::string_view bytes, size_t& consumed);
  // The last chunk and the trailers have been read.
  bool done() const { return is_done(); }

 private:
  using ErrorCode = boost::beast::error_code;
  using StringView = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, StringView, StringView, int, ErrorCode&) override;
  void on_response_impl(int, StringView, int, ErrorCode&) override;
  void on_field_impl(boost::beast::http::field, StringView name, StringView value, ErrorCode&) override;
  void on_header_impl(ErrorCode&) override;
  void on_body_init_impl(const boost::optional<uint64_t>&, ErrorCode&) override;
  size_t on_body_impl(StringView bytes, ErrorCode&) override;
  void on_chunk_header_impl(uint64_t size, StringView extensions, ErrorCode&) override;
  size_t on_chunk_body_impl(uint64_t, StringView bytes, ErrorCode&) override;
  void on_finish_impl(ErrorCode&) override;

  std::string& body_;
  const Limits limits_;
  uint64_t overhead_bytes_ = 0;
};

}  // namespace pando::http
