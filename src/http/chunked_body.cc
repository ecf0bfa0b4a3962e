#include "http/chunked_body.h"

#include "base/assert.h"
#include "http/characters.h"

namespace pando::http {
namespace {

namespace beast_http = boost::beast::http;

// The shortest end of a chunked body, "0 CRLF CRLF". Beast's chunk parser asserts that it is never called again with
// fewer bytes, and no chunked body can be complete with fewer to come.
constexpr size_t kTailMin = 5;

// Beast reads chunks only behind a header that announces them.
constexpr std::string_view kHeader = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

ChunkedBody::ChunkedBody(std::string& body, Limits limits) : body_(body), limits_(limits) {
  eager(true);
  header_limit(UINT32_MAX);
  body_limit(limits.bytes_max);
  ErrorCode failure;
  const size_t consumed = put(boost::asio::buffer(kHeader.data(), kHeader.size()), failure);
  PANDO_ASSERT(!failure && consumed == kHeader.size());
  overhead_bytes_ = 0;
}

std::optional<Refusal> ChunkedBody::Take(std::string_view bytes, size_t& consumed) {
  PANDO_ASSERT(!is_done());
  if (bytes.size() < kTailMin) return {};
  ErrorCode failure;
  const size_t used = put(boost::asio::buffer(bytes.data(), bytes.size()), failure);
  consumed += used;
  if (failure == beast_http::error::body_limit) return RefuseBodySize(limits_.bytes_max);
  if (failure && failure != beast_http::error::need_more) {
    return Refusal{
        400, Error(ErrorId::kHttpMalformed, "the chunks of the body are malformed").WithDetail(failure.message())};
  }
  // What is left over of an unfinished body is a piece of a chunk header or trailer.
  if (!is_done() && bytes.size() - used + overhead_bytes_ > limits_.overhead_bytes_max) {
    return Refusal{431, Error(ErrorId::kHttpHeaderTooLarge, "chunk extensions and trailers are larger than " +
                                                                std::to_string(limits_.overhead_bytes_max) + " bytes")};
  }
  return {};
}

void ChunkedBody::on_request_impl(beast_http::verb, StringView, StringView, int, ErrorCode&) {}

void ChunkedBody::on_response_impl(int, StringView, int, ErrorCode&) {}

// Trailers are read over (RFC 9110, 6.5.1).
void ChunkedBody::on_field_impl(beast_http::field, StringView name, StringView value, ErrorCode&) {
  overhead_bytes_ += name.size() + value.size();
}

void ChunkedBody::on_header_impl(ErrorCode&) {}

void ChunkedBody::on_body_init_impl(const boost::optional<uint64_t>&, ErrorCode&) {}

size_t ChunkedBody::on_body_impl(StringView bytes, ErrorCode&) { return bytes.size(); }

void ChunkedBody::on_chunk_header_impl(uint64_t, StringView extensions, ErrorCode& failure) {
  // Beast lets anything stand in a quoted extension, a bare LF too, at which others end the line.
  if (FindControlButTab({extensions.data(), extensions.size()}) < extensions.size()) {
    failure = beast_http::error::bad_chunk_extension;
  }
  overhead_bytes_ += extensions.size();
}

size_t ChunkedBody::on_chunk_body_impl(uint64_t, StringView bytes, ErrorCode&) {
  body_.append(bytes.data(), bytes.size());
  return bytes.size();
}

void ChunkedBody::on_finish_impl(ErrorCode&) {}

}  // namespace pando::http
