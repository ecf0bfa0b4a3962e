#include "http/request_parser.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/assert.h"

namespace pando::http {
namespace {

namespace beast_http = boost::beast::http;

// Browsers send some twenty fields, proxies add a few.
constexpr size_t kFieldsMax = 256;
constexpr size_t kFieldsUsual = 16, kFieldBytesUsual = 512;
// What a body may take before it has arrived: an announced length costs nothing to send.
constexpr size_t kBodyReserveMax = 64 << 10;
// The shortest end of a chunked body, "0 CRLF CRLF". Beast's chunk parser asserts that it is never called again with
// fewer bytes, and no chunked body can be complete with fewer to come.
constexpr size_t kChunkTailMin = 5;

Refusal Malformed(std::string message) { return {400, Error(ErrorId::kHttpMalformed, std::move(message))}; }

Refusal BodyTooLarge(uint64_t bytes_max) {
  return {413,
          Error(ErrorId::kHttpBodyTooLarge, "the request body is larger than " + std::to_string(bytes_max) + " bytes")};
}

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// uri-host [ ":" port ] by its characters (RFC 3986, 3.2.2): nothing that could begin a path, a user or a second host.
bool IsHost(std::string_view text) {
  static constexpr std::string_view kMarks = "-._~!$&'()*+;=:%[]";
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

bool NamesChunked(std::string_view coding) {
  return EqualsIgnoreCase(Trimmed(coding.substr(0, coding.find(';'))), "chunked");
}

// A Transfer-Encoding other than the plain "chunked". A list in which chunked is not the last and only one leaves the
// end of the message open: 400. Codings we do not have: 501 (RFC 9112, 6.1).
Refusal RefuseCoding(std::string_view value) {
  std::string_view rest = value;
  for (size_t comma = rest.find(','); comma != std::string_view::npos; comma = rest.find(',')) {
    if (NamesChunked(rest.substr(0, comma))) return Malformed("the transfer coding \"chunked\" is not the last one");
    rest.remove_prefix(comma + 1);
  }
  if (Trimmed(value).empty()) return Malformed("Transfer-Encoding is empty");
  return {501, Error(ErrorId::kHttpUnsupported, "no transfer coding but \"chunked\" is supported")};
}

// A request line of three parts that ends in "HTTP/" DIGIT "." DIGIT: a version, if not one of ours.
bool EndsInVersion(std::string_view block) {
  const std::string_view line = block.substr(0, block.find('\r'));
  if (line.size() < 9 || std::count(line.begin(), line.end(), ' ') != 2) return false;
  const std::string_view version = line.substr(line.size() - 9);
  return version.starts_with(" HTTP/") && IsDigits(version.substr(6, 1)) && version[7] == '.' &&
         IsDigits(version.substr(8, 1));
}

}  // namespace

RequestParser::RequestParser(Request& request, Limits limits) : request_(request), limits_(limits) {
  eager(true);
  // The connection has checked the size already; the header arrives here whole.
  header_limit(UINT32_MAX);
  body_limit(limits.body_bytes_max);
}

std::optional<Refusal> RequestParser::ParseHeader(std::string_view block) {
  ErrorCode failure;
  const size_t consumed = put(boost::asio::buffer(block.data(), block.size()), failure);
  // Beast meets the body limit once all fields are read; a message whose length is in doubt is refused for that first.
  if (failure && failure != beast_http::error::body_limit) return Explain(failure, block);
  if (auto refusal = CheckFraming()) return refusal;
  if (failure) return Explain(failure, block);
  if (consumed != block.size() || !is_header_done()) return Malformed("the request header is malformed");
  header_done_ = true;
  return {};
}

std::optional<Refusal> RequestParser::ParseBody(std::string_view bytes, size_t& consumed) {
  PANDO_ASSERT(header_done_ && !is_done());
  if (chunked() && bytes.size() < kChunkTailMin) return {};
  ErrorCode failure;
  const size_t used = put(boost::asio::buffer(bytes.data(), bytes.size()), failure);
  consumed += used;
  if (failure && failure != beast_http::error::need_more) return Explain(failure, {});
  // What is left over of an unfinished body is a piece of a chunk header or trailer.
  if (!is_done() && bytes.size() - used + overhead_bytes_ > limits_.header_bytes_max) {
    return Refusal{431, Error(ErrorId::kHttpHeaderTooLarge, "chunk extensions and trailers are larger than " +
                                                                std::to_string(limits_.header_bytes_max) + " bytes")};
  }
  return {};
}

void RequestParser::on_request_impl(Verb, StringView method, StringView target, int version, ErrorCode&) {
  request_.method.assign(method.data(), method.size());
  request_.target.assign(target.data(), target.size());
  request_.headers.Reserve(kFieldsUsual, kFieldBytesUsual);
  version_ = version;
}

void RequestParser::on_response_impl(int, StringView, int, ErrorCode&) {}

void RequestParser::on_field_impl(FieldName name, StringView name_text, StringView value, ErrorCode& failure) {
  if (header_done_) {  // trailers are read over (RFC 9110, 6.5.1)
    overhead_bytes_ += name_text.size() + value.size();
    return;
  }
  if (request_.headers.size() == kFieldsMax) {
    failure = beast_http::error::header_limit;
    return;
  }
  NoteField(name, {value.data(), value.size()});
  request_.headers.Add({name_text.data(), name_text.size()}, {value.data(), value.size()});
}

void RequestParser::NoteField(FieldName name, std::string_view value) {
  switch (name) {
    case FieldName::host:
      ++hosts_;
      host_is_valid_ = IsHost(value);
      break;
    case FieldName::content_length:
      ++lengths_;
      length_is_digits_ = IsDigits(value);
      break;
    case FieldName::transfer_encoding:
      ++codings_;
      coding_.assign(value);
      break;
    case FieldName::expect:
      (EqualsIgnoreCase(value, "100-continue") ? expects_continue_ : expects_other_) = true;
      break;
    default:
      break;
  }
}

void RequestParser::on_header_impl(ErrorCode&) {}

void RequestParser::on_body_init_impl(const boost::optional<uint64_t>& length, ErrorCode&) {
  if (length) request_.body.reserve(std::min<uint64_t>(*length, kBodyReserveMax));
}

size_t RequestParser::on_body_impl(StringView bytes, ErrorCode&) {
  request_.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

void RequestParser::on_chunk_header_impl(uint64_t, StringView extensions, ErrorCode& failure) {
  // Beast lets anything stand in a quoted extension, a bare LF too, at which others end the line.
  if (HasControl({extensions.data(), extensions.size()})) failure = beast_http::error::bad_chunk_extension;
  overhead_bytes_ += extensions.size();
}

size_t RequestParser::on_chunk_body_impl(uint64_t, StringView bytes, ErrorCode&) {
  request_.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

void RequestParser::on_finish_impl(ErrorCode&) {}

std::optional<Refusal> RequestParser::CheckFraming() const {
  if (codings_ > 0 && lengths_ > 0) return Malformed("both Content-Length and Transfer-Encoding are given");
  if (codings_ > 0 && version_ == 10) return Malformed("Transfer-Encoding does not exist in HTTP/1.0");
  if (codings_ > 1) return Malformed("Transfer-Encoding is given more than once");
  if (lengths_ > 1) return Malformed("Content-Length is given more than once");
  if (!length_is_digits_) return Malformed("Content-Length is not a number");
  if (codings_ == 1 && !EqualsIgnoreCase(coding_, "chunked")) return RefuseCoding(coding_);
  if (auto refusal = CheckHost()) return refusal;
  if (expects_other_ && version_ == 11) {
    return Refusal{417, Error(ErrorId::kHttpUnsupported, "no expectation but \"100-continue\" is supported")};
  }
  return CheckLength();
}

std::optional<Refusal> RequestParser::CheckHost() const {
  if (hosts_ > 1) return Malformed("Host is given more than once");
  if (hosts_ == 0 && version_ == 11) return Malformed("Host is missing");
  if (!host_is_valid_) return Malformed("Host is not a host");
  return {};
}

std::optional<Refusal> RequestParser::CheckLength() const {
  if (lengths_ > 0 || codings_ > 0) return {};
  const std::string& method = request_.method;
  const bool has_body = method == "POST" || method == "PUT" || method == "PATCH";
  if ((version_ == 10 && has_body) || (version_ == 11 && expects_continue_)) {
    return Refusal{411, Error(ErrorId::kHttpLengthRequired, "the request needs a Content-Length")};
  }
  return {};
}

Refusal RequestParser::Explain(ErrorCode failure, std::string_view block) const {
  if (failure == beast_http::error::body_limit) return BodyTooLarge(limits_.body_bytes_max);
  if (failure == beast_http::error::header_limit) {
    return {431, Error(ErrorId::kHttpHeaderTooLarge,
                       "the request has more than " + std::to_string(kFieldsMax) + " header fields")};
  }
  if (failure == beast_http::error::bad_version && EndsInVersion(block)) {
    return {505, Error(ErrorId::kHttpUnsupported, "only HTTP/1.1 and HTTP/1.0 are supported")};
  }
  return {400, Error(ErrorId::kHttpMalformed, "the request is malformed").WithDetail(failure.message())};
}

}  // namespace pando::http
