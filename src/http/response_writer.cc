#include "http/response_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "base/assert.h"
#include "http/reason.h"

namespace pando::http {
namespace {

constexpr std::string_view kOwnFields[] = {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Date",
                                           "Server",         "X-Request-Id"};

bool IsOwnField(std::string_view name) {
  return std::any_of(std::begin(kOwnFields), std::end(kOwnFields),
                     [name](std::string_view own) { return own.size() == name.size() && EqualsIgnoreCase(own, name); });
}

// tchar of RFC 9110, 5.6.2, by its code.
constexpr std::array<bool, 256> MakeTokenChars() {
  std::array<bool, 256> is_token{};
  for (char c = 'a'; c <= 'z'; ++c) is_token[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) is_token[static_cast<unsigned char>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) is_token[static_cast<unsigned char>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) is_token[static_cast<unsigned char>(c)] = true;
  return is_token;
}
constexpr std::array<bool, 256> kTokenChars = MakeTokenChars();

bool IsTokenChar(char c) { return kTokenChars[static_cast<unsigned char>(c)]; }

bool IsSafeName(std::string_view name) { return !name.empty() && std::all_of(name.begin(), name.end(), IsTokenChar); }

bool BreaksLine(char c) { return c == '\r' || c == '\n' || c == '\0'; }

bool IsSafeValue(std::string_view value) {
  // The least of all says for most values that there is none, in a loop that the compiler makes wide.
  unsigned char least = 0xff;
  for (const char c : value) least = std::min(least, static_cast<unsigned char>(c));
  return least > '\r' || std::none_of(value.begin(), value.end(), BreaksLine);
}

void AppendNumber(std::string& out, uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  out.append(digits, end);
}

void AppendStatusLine(std::string& out, const Response& response) {
  out.append("HTTP/1.1 ");
  AppendNumber(out, static_cast<uint64_t>(response.status));
  out.push_back(' ');
  if (response.reason.empty()) {
    out.append(ReasonPhrase(response.status));
  } else {
    // A phrase may be the text of a raised exception, with line breaks in it.
    const size_t start = out.size();
    out.append(response.reason);
    std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(start), out.end(), BreaksLine, ' ');
  }
  out.append("\r\n");
}

char* Copy(std::string_view text, char* to) { return std::copy(text.begin(), text.end(), to); }

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  const size_t start = out.size();
  out.resize(start + name.size() + value.size() + 4);
  Copy("\r\n", Copy(value, Copy(": ", Copy(name, out.data() + start))));
}

void AppendFields(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (IsOwnField(name) || !IsSafeName(name) || !IsSafeValue(value)) continue;
    AppendField(out, name, value);
  }
}

}  // namespace

std::string WriteFields(const Headers& headers) {
  std::string fields;
  AppendFields(fields, headers);
  return fields;
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

void ResponseWriter::AppendStandardFields(std::string& out) {
  std::timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != date_second_) {
    date_second_ = now.tv_sec;
    standard_fields_ = "Date: " + HttpDate(now.tv_sec) + "\r\n" + server_field_;
  }
  out.append(standard_fields_);
}

void ResponseWriter::AppendHeader(std::string& out, const Response& response, const Exchanged& exchanged) {
  PANDO_ASSERT(response.status >= 200 && response.status <= 999);
  AppendStatusLine(out, response);
  AppendStandardFields(out);
  if (!exchanged.request_id.empty()) AppendField(out, "X-Request-Id", exchanged.request_id);
  out.append(response.ready_header);
  AppendFields(out, response.headers);
  if (SendsBody(response, exchanged.is_head)) {
    out.append("Content-Length: ");
    AppendNumber(out, response.sent_body().size());
    out.append("\r\n");
  }
  if (exchanged.close) {
    out.append("Connection: close\r\n");
  } else if (exchanged.keep_alive_10) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

}  // namespace pando::http
