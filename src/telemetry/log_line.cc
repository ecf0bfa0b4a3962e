#include "telemetry/log_line.h"

#include <fmt/format.h>

#include <cmath>

#include "base/json_text.h"

namespace pando::telemetry {
namespace {

constexpr size_t kTextBytesMax = 1024;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Bytes of the UTF-8 sequence at the front of `text` (RFC 3629, section 4); 0 when there is none.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto is_tail = [&](size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return is_tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && is_tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

// The control character at the front of `sequence`: C0, DEL, or C1, which some terminals obey too. -1: there is none.
int ControlCode(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1 && (first < 0x20 || first == 0x7F)) return first;
  if (sequence.size() == 2 && first == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0) {
    return static_cast<unsigned char>(sequence[1]);
  }
  return -1;
}

// A word needs no quotes in a text line: nothing in it could be taken for the next field.
bool IsWord(std::string_view text) {
  for (const char c : text) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!is_plain && std::string_view("-_.:/@+").find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

void AppendDouble(std::string& out, double number) {
  // JSON has no infinity.
  if (std::isfinite(number)) {
    fmt::format_to(std::back_inserter(out), "{}", number);
  } else {
    out += "null";
  }
}

void AppendValue(std::string& out, const LogField& field, bool is_json) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    const std::string clean = Sanitized(*text);
    if (!is_json && IsWord(clean)) {
      out += clean;
    } else {
      AppendJsonString(out, clean);
    }
  } else if (const auto* integer = std::get_if<int64_t>(&field.value)) {
    fmt::format_to(std::back_inserter(out), "{}", *integer);
  } else if (const auto* number = std::get_if<double>(&field.value)) {
    AppendDouble(out, *number);
  } else {
    out += std::get<bool>(field.value) ? "true" : "false";
  }
}

void AppendMember(std::string& out, const LogField& field) {
  out += ',';
  AppendJsonString(out, Sanitized(field.name));
  out += ':';
  AppendValue(out, field, true);
}

}  // namespace

std::string_view ToString(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
    case Level::kOff:
      return "off";
  }
  return "off";
}

std::optional<Level> ParseLevel(std::string_view name) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError, Level::kOff}) {
    if (ToString(level) == name) return level;
  }
  return std::nullopt;
}

std::string FormatTime(WallTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<milliseconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::string Sanitized(std::string_view text) {
  std::string clean;
  clean.reserve(std::min(text.size(), kTextBytesMax) + 8);
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    const std::string_view sequence = text.substr(0, std::max<size_t>(length, 1));
    // 4 bytes are the most that one turn adds.
    if (clean.size() + 4 > kTextBytesMax) return clean + "...";
    const int control = length == 0 ? -1 : ControlCode(sequence);
    if (control >= 0) {
      fmt::format_to(std::back_inserter(clean), "\\x{:02X}", control);
    } else {
      clean += length == 0 ? kReplacement : sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return clean;
}

std::string TextLine(WallTime time, Level level, std::string_view event, std::string_view message,
                     std::initializer_list<LogField> fields) {
  std::string line = FormatTime(time);
  fmt::format_to(std::back_inserter(line), " {:5} {}: {}", ToString(level), Sanitized(event), Sanitized(message));
  for (const LogField& field : fields) {
    line += ' ' + Sanitized(field.name) + '=';
    AppendValue(line, field, false);
  }
  return line + '\n';
}

std::string JsonLine(WallTime time, Level level, std::string_view event, std::string_view message,
                     std::initializer_list<LogField> fields) {
  std::string line = "{\"time\":\"" + FormatTime(time) + '"';
  AppendMember(line, {"level", ToString(level)});
  AppendMember(line, {"event", event});
  AppendMember(line, {"message", message});
  for (const LogField& field : fields) AppendMember(line, field);
  return line + "}\n";
}

std::string AccessJsonLine(WallTime time, const AccessLine& access) {
  const double duration_ms = std::chrono::duration<double, std::milli>(access.duration).count();
  std::string line = "{\"time\":\"" + FormatTime(time) + '"';
  AppendMember(line, {"event", std::string_view("http.access")});
  AppendMember(line, {"request_id", access.request_id});
  AppendMember(line, {"remote_address", access.remote_address});
  AppendMember(line, {"method", access.method});
  AppendMember(line, {"path", access.path});
  AppendMember(line, {"role", access.role});
  AppendMember(line, {"status", int64_t{access.status}});
  AppendMember(line, {"bytes_in", static_cast<int64_t>(access.bytes_in)});
  AppendMember(line, {"bytes_out", static_cast<int64_t>(access.bytes_out)});
  // Microseconds are as fine as the clock is worth.
  AppendMember(line, {"duration_ms", std::round(duration_ms * 1000) / 1000});
  return line + "}\n";
}

}  // namespace pando::telemetry
