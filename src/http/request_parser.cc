#include "http/request_parser.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "base/assert.h"
#include "http/characters.h"

namespace pando::http {
namespace {

// Browsers send some twenty fields, proxies add a few.
constexpr size_t kFieldsMax = 256;
constexpr size_t kFieldsUsual = 16, kFieldBytesUsual = 512;
// What a body may take before it has arrived: an announced length costs nothing to send.
constexpr size_t kBodyReserveMax = 64 << 10;

// Letters, digits and these marks.
bool HoldsOnly(std::string_view text, std::string_view marks) {
  return std::all_of(text.begin(), text.end(), [marks](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || marks.find(c) != std::string_view::npos;
  });
}

// uri-host [ ":" port ] by its characters (RFC 3986, 3.2.2): nothing that could begin a path, a user or a second host.
// The host of an http URI is never empty (RFC 9110, 4.2.1).
bool IsHost(std::string_view text) {
  constexpr std::string_view kAddressMarks = ".:-_~!$&'()*+;=", kNameMarks = ".-_~!$&'()*+;=%";
  const bool is_address = text.starts_with('[');
  const size_t end = is_address ? text.find(']') : std::min(text.find(':'), text.size());
  if (end == std::string_view::npos) return false;
  const std::string_view name = is_address ? text.substr(1, end - 1) : text.substr(0, end);
  const std::string_view port = text.substr(is_address ? end + 1 : end);
  if (name.empty() || !HoldsOnly(name, is_address ? kAddressMarks : kNameMarks)) return false;
  return port.empty() || (port.front() == ':' && std::all_of(port.begin() + 1, port.end(), IsDigit));
}

// Behind the scheme of an http or https URI (RFC 9110, 4.2); npos for every other text.
size_t SchemeEnd(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (EqualsIgnoreCase(target.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return std::string_view::npos;
}

// origin-form, absolute-form of a scheme that is served here, and asterisk-form (RFC 9112, 3.2). authority-form is for
// proxies.
bool IsTarget(std::string_view target, std::string_view method) {
  if (target.starts_with('/')) return true;
  if (target == "*") return method == "OPTIONS";
  const size_t scheme_end = SchemeEnd(target);
  if (scheme_end == std::string_view::npos) return false;
  const std::string_view rest = target.substr(scheme_end);
  return IsHost(rest.substr(0, std::min(rest.find_first_of("/?"), rest.size())));
}

bool NamesChunked(std::string_view coding) {
  return EqualsIgnoreCase(Trimmed(coding.substr(0, coding.find(';'))), "chunked");
}

// A Transfer-Encoding other than the plain "chunked". A list in which chunked is not the last and only one leaves the
// end of the message open: 400. Codings we do not have: 501 (RFC 9112, 6.1).
Refusal RefuseCoding(std::string_view value) {
  std::string_view rest = value;
  for (size_t comma = rest.find(','); comma != std::string_view::npos; comma = rest.find(',')) {
    if (NamesChunked(rest.substr(0, comma)))
      return RefuseMalformed("the transfer coding \"chunked\" is not the last one");
    rest.remove_prefix(comma + 1);
  }
  if (Trimmed(value).empty()) return RefuseMalformed("Transfer-Encoding is empty");
  return {501, Error(ErrorId::kHttpUnsupported, "the only supported transfer coding is \"chunked\"")};
}

// What follows the target in a request line: a version, if not one of ours.
bool BeginsWithVersion(std::string_view rest) {
  constexpr std::string_view kShape = " HTTP/d.d\r\n";
  return rest.size() >= kShape.size() && rest.starts_with(" HTTP/") && IsDigit(rest[6]) && rest[7] == '.' &&
         IsDigit(rest[8]) && rest.substr(9).starts_with(kLineEnd);
}

Refusal RefuseRequestLine() { return RefuseMalformed("the request line is not a method, a target and a version"); }

}  // namespace

void RequestParser::BeginMessage() {
  header_done_ = false;
  body_rest_ = 0;
  chunks_.reset();
}

std::optional<Refusal> RequestParser::ParseHeader(std::string_view block) {
  BeginMessage();
  request_.headers.Clear();
  framing_ = Framing();
  std::string_view rest = block;
  if (auto refusal = ParseRequestLine(rest)) return refusal;
  request_.headers.Reserve(kFieldsUsual, std::max(kFieldBytesUsual, rest.size()));
  while (!rest.starts_with(kLineEnd)) {
    if (auto refusal = ParseField(rest)) return refusal;
  }
  if (rest.size() != kLineEnd.size()) return RefuseMalformed("the request header ends too early");
  framing_.is_known = true;
  if (auto refusal = CheckFraming()) return refusal;
  return BeginBody();
}

size_t RequestParser::ParseRepeated(std::string_view received) {
  // Headers holds each line as it is sent mostly: one that was not is another text here, and parsed again.
  const std::string_view fields = request_.headers.lines();
  if (!framing_.is_known || framing_.codings > 0 || fields.empty()) return 0;
  const size_t fields_begin = received.find('\n') + 1;
  const size_t size = fields_begin + fields.size() + kLineEnd.size();
  if (fields_begin == 0 || size > received.size() || size > limits_.header_bytes_max) return 0;
  std::string_view rest = received.substr(0, size);
  if (!rest.ends_with(kLineEnd) || rest.substr(fields_begin, fields.size()) != fields) return 0;
  BeginMessage();
  if (ParseRequestLine(rest) || rest.size() != size - fields_begin || CheckFraming() || BeginBody()) return 0;
  return size;
}

std::optional<Refusal> RequestParser::ParseRequestLine(std::string_view& rest) {
  constexpr std::string_view kVersion11 = " HTTP/1.1\r\n", kVersion10 = " HTTP/1.0\r\n";
  const size_t method_size = TokenSize(rest);
  if (method_size == 0 || !rest.substr(method_size).starts_with(' ')) return RefuseRequestLine();
  request_.method.assign(rest.substr(0, method_size));
  rest.remove_prefix(method_size + 1);
  // RFC 3986 allows less, clients send more.
  const size_t target_size = FindControlOrSpace(rest);
  if (target_size == 0) return RefuseRequestLine();
  request_.target.assign(rest.substr(0, target_size));
  if (!IsTarget(request_.target, request_.method)) {
    return RefuseMalformed("the request target is neither a path nor the URI of an HTTP resource");
  }
  rest.remove_prefix(target_size);
  if (rest.starts_with(kVersion11)) {
    version_ = 11;
  } else if (rest.starts_with(kVersion10)) {
    version_ = 10;
  } else if (BeginsWithVersion(rest)) {
    return Refusal{505, Error(ErrorId::kHttpUnsupported, "only HTTP/1.1 and HTTP/1.0 are supported")};
  } else {
    return RefuseRequestLine();
  }
  rest.remove_prefix(kVersion11.size());
  return {};
}

std::optional<Refusal> RequestParser::ParseField(std::string_view& rest) {
  const size_t name_size = TokenSize(rest);
  if (name_size == 0 || name_size == rest.size() || rest[name_size] != ':') {
    return RefuseMalformed("a header field does not begin with a name and a colon");
  }
  const size_t end = name_size + 1 + FindControlButTab({rest.data() + name_size + 1, rest.size() - name_size - 1});
  if (end + 1 >= rest.size() || rest[end] != '\r' || rest[end + 1] != '\n') {
    return RefuseMalformed("a header field holds a control character");
  }
  if (request_.headers.size() == kFieldsMax) {
    return Refusal{431, Error(ErrorId::kHttpHeaderTooLarge,
                              "the request has more than " + std::to_string(kFieldsMax) + " header fields")};
  }
  const std::string_view line(rest.data(), end + kLineEnd.size());
  const std::string_view name(rest.data(), name_size);
  const std::string_view value = Trimmed({rest.data() + name_size + 1, end - name_size - 1});
  if (line.size() == name_size + Headers::kColon.size() + value.size() + kLineEnd.size() &&
      line[name_size + 1] == ' ') {
    request_.headers.AddLine(line, name_size);
  } else {
    request_.headers.Add(name, value);
  }
  NoteField(name, value);
  rest.remove_prefix(line.size());
  return {};
}

// Of the fields that say where the message ends and what becomes of the connection.
void RequestParser::NoteField(std::string_view name, std::string_view value) {
  const auto is = [name](std::string_view other) {
    return name.size() == other.size() && EqualsIgnoreCase(name, other);
  };
  if (is("host")) {
    ++framing_.hosts;
    framing_.host_is_valid = IsHost(value);
  } else if (is("content-length")) {
    ++framing_.lengths;
    const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), framing_.length);
    framing_.length_is_valid = failure == std::errc() && end == value.data() + value.size() && IsDigit(value.front());
  } else if (is("transfer-encoding")) {
    ++framing_.codings;
    framing_.coding = value;
  } else if (is("expect")) {
    (EqualsIgnoreCase(value, "100-continue") ? framing_.expects_continue : framing_.expects_other) = true;
  } else if (is("connection")) {
    NoteConnection(value);
  }
}

void RequestParser::NoteConnection(std::string_view value) {
  while (!value.empty()) {
    const size_t comma = std::min(value.find(','), value.size());
    const std::string_view option = Trimmed(value.substr(0, comma));
    framing_.asks_close = framing_.asks_close || EqualsIgnoreCase(option, "close");
    framing_.asks_keep_alive = framing_.asks_keep_alive || EqualsIgnoreCase(option, "keep-alive");
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

std::optional<Refusal> RequestParser::BeginBody() {
  header_done_ = true;
  if (framing_.codings > 0) {
    chunks_ = std::make_unique<ChunkedBody>(request_.body,
                                            ChunkedBody::Limits{limits_.body_bytes_max, limits_.header_bytes_max});
    return {};
  }
  if (framing_.length > limits_.body_bytes_max) return RefuseBodySize(limits_.body_bytes_max);
  if (framing_.length > 0) request_.body.reserve(std::min<uint64_t>(framing_.length, kBodyReserveMax));
  body_rest_ = framing_.length;
  return {};
}

std::optional<Refusal> RequestParser::ParseBody(std::string_view bytes, size_t& consumed) {
  PANDO_ASSERT(header_done_ && !done());
  if (chunks_) return chunks_->Take(bytes, consumed);
  const size_t size = std::min<uint64_t>(bytes.size(), body_rest_);
  request_.body.append(bytes.substr(0, size));
  body_rest_ -= size;
  consumed += size;
  return {};
}

std::optional<Refusal> RequestParser::CheckFraming() const {
  if (framing_.codings > 0 && framing_.lengths > 0)
    return RefuseMalformed("both Content-Length and Transfer-Encoding are given");
  if (framing_.codings > 0 && version_ == 10) return RefuseMalformed("Transfer-Encoding does not exist in HTTP/1.0");
  if (framing_.codings > 1) return RefuseMalformed("Transfer-Encoding is given more than once");
  if (framing_.lengths > 1) return RefuseMalformed("Content-Length is given more than once");
  if (!framing_.length_is_valid) return RefuseMalformed("Content-Length is not a number");
  if (framing_.codings == 1 && !EqualsIgnoreCase(framing_.coding, "chunked")) return RefuseCoding(framing_.coding);
  if (auto refusal = CheckHost()) return refusal;
  if (framing_.expects_other && version_ == 11) {
    return Refusal{417, Error(ErrorId::kHttpUnsupported, "the only supported expectation is \"100-continue\"")};
  }
  return CheckLength();
}

std::optional<Refusal> RequestParser::CheckHost() const {
  if (framing_.hosts > 1) return RefuseMalformed("Host is given more than once");
  if (framing_.hosts == 0 && version_ == 11) return RefuseMalformed("Host is missing");
  if (!framing_.host_is_valid) return RefuseMalformed("Host is not a valid host name or address");
  return {};
}

std::optional<Refusal> RequestParser::CheckLength() const {
  if (framing_.lengths > 0 || framing_.codings > 0) return {};
  const std::string& method = request_.method;
  const auto has_body = [&method] { return method == "POST" || method == "PUT" || method == "PATCH"; };
  if (version_ == 10 ? has_body() : framing_.expects_continue) {
    return Refusal{411, Error(ErrorId::kHttpLengthRequired, "the request needs a Content-Length")};
  }
  return {};
}

}  // namespace pando::http
