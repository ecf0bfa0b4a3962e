#include "http/response_writer.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/assert.h"
#include "http/characters.h"
#include "http/reason.h"

namespace pando::http {
namespace {

constexpr std::string_view kOwnFields[] = {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Date",
                                           "Server",         "X-Request-Id"};

constexpr Headers::Names NamesOfOwnFields() {
  Headers::Names names;
  for (const std::string_view name : kOwnFields) names = names | Headers::Names(name);
  return names;
}

bool IsOwnField(std::string_view name) {
  return std::any_of(std::begin(kOwnFields), std::end(kOwnFields),
                     [name](std::string_view own) { return EqualsIgnoreCase(own, name); });
}

constexpr size_t kDigitsMax = 20;  // of a uint64_t

char* WriteNumber(char* to, uint64_t number) { return std::to_chars(to, to + kDigitsMax, number).ptr; }

// A reason may be the text of a raised exception. Of that goes out what fits, cut between characters.
constexpr size_t kReasonBytesMax = 256;
std::string_view CutReason(std::string_view reason) {
  if (reason.size() <= kReasonBytesMax) return reason;
  constexpr size_t kContinuationsMax = 3;
  const auto continues = [reason](size_t at) { return (static_cast<unsigned char>(reason[at]) & 0xC0) == 0x80; };
  size_t size = kReasonBytesMax;
  while (size > kReasonBytesMax - kContinuationsMax && continues(size)) --size;
  return reason.substr(0, size);
}

// Tabs, spaces, visible characters and bytes above them are what a reason may hold (RFC 9112, 4). Terminals obey the
// control characters U+0080 to U+009F too, which in UTF-8 are C2 and a byte.
char* WriteReason(char* to, std::string_view reason) {
  const auto byte_at = [reason](size_t at) { return static_cast<unsigned char>(at < reason.size() ? reason[at] : 0); };
  const auto is_high_control = [&](size_t at) { return byte_at(at) == 0xC2 && byte_at(at + 1) - 0x80u < 0x20u; };
  for (size_t i = 0; i < reason.size(); ++i) {
    const unsigned char byte = byte_at(i);
    const bool is_control = (byte < ' ' && byte != '\t') || byte == 0x7F || is_high_control(i);
    *to++ = is_control ? ' ' : reason[i];
    if (is_high_control(i)) ++i;
  }
  return to;
}

// REQUIRES: kStatusLineMax bytes of room.
constexpr size_t kStatusLineMax = kReasonBytesMax + 64;
char* WriteStatusLine(char* to, const Response& response) {
  to = WriteText(to, "HTTP/1.1 ");
  to = WriteNumber(to, static_cast<uint64_t>(response.status));
  *to++ = ' ';
  if (response.reason.empty()) {
    to = WriteText(to, ReasonPhrase(response.status));
  } else {
    to = WriteReason(to, CutReason(response.reason));
  }
  return WriteText(to, kLineEnd);
}

char* WriteField(char* to, std::string_view name, std::string_view value) {
  return WriteText(WriteText(WriteText(WriteText(to, name), ": "), value), kLineEnd);
}

// REQUIRES: headers.lines().size() bytes of room.
char* WriteFields(char* to, const Headers& headers) {
  if (!headers.MayHold(NamesOfOwnFields())) return WriteText(to, headers.lines());
  for (const auto& [name, value] : headers) {
    if (!IsOwnField(name)) to = WriteField(to, name, value);
  }
  return to;
}

}  // namespace

FieldLines WriteFields(const Headers& headers, std::initializer_list<std::string_view> apart) {
  FieldLines lines;
  for (const auto& [name, value] : headers) {
    if (IsOwnField(name)) continue;
    const auto is_it = [&name = name](std::string_view other) { return EqualsIgnoreCase(name, other); };
    std::string& to = std::any_of(apart.begin(), apart.end(), is_it) ? lines.apart : lines.others;
    to.append(name).append(Headers::kColon).append(value).append(kLineEnd);
  }
  return lines;
}

std::string HttpDate(std::time_t second) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  ::gmtime_r(&second, &utc);
  char text[64];
  const int size =
      std::snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[utc.tm_wday], utc.tm_mday,
                    kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return std::string(text, static_cast<size_t>(size));
}

ResponseWriter::ResponseWriter(std::string_view product) : server_field_("Server: " + std::string(product) + "\r\n") {}

bool ResponseWriter::SendsBody(const Response& response, bool is_head) {
  return !is_head && response.status != 204 && response.status != 304;
}

// Date and Server.
std::string_view ResponseWriter::StandardFields() {
  std::timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != date_second_) {
    date_second_ = now.tv_sec;
    standard_fields_ = "Date: " + HttpDate(now.tv_sec) + "\r\n" + server_field_;
  }
  return standard_fields_;
}

void ResponseWriter::AppendHeader(TextBuffer& out, const Response& response, const Exchanged& exchanged) {
  PANDO_ASSERT(response.status >= 200 && response.status <= 999);
  constexpr std::string_view kRequestId = "X-Request-Id",
                             kLength = "Content-Length: ", kClose = "Connection: close\r\n",
                             kKeepAlive = "Connection: keep-alive\r\n";
  constexpr size_t kFixedMax =
      kStatusLineMax + kRequestId.size() + kLength.size() + kDigitsMax + kKeepAlive.size() + 16;
  const std::string_view standard_fields = StandardFields();
  const size_t varying = standard_fields.size() + exchanged.request_id.size() + response.ready_header.size() +
                         response.ready_fields.size() + response.headers.lines().size();
  char* to = WriteStatusLine(out.Space(kFixedMax + varying), response);
  to = WriteText(to, standard_fields);
  if (!exchanged.request_id.empty()) to = WriteField(to, kRequestId, exchanged.request_id);
  to = WriteText(WriteText(to, response.ready_header), response.ready_fields);
  to = WriteFields(to, response.headers);
  if (SendsBody(response, exchanged.is_head)) {
    to = WriteNumber(WriteText(to, kLength), response.sent_body().size());
    to = WriteText(to, kLineEnd);
  }
  if (exchanged.close) {
    to = WriteText(to, kClose);
  } else if (exchanged.keep_alive_10) {
    to = WriteText(to, kKeepAlive);
  }
  out.EndAt(WriteText(to, kLineEnd));
}

}  // namespace pando::http
