#include "config/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/ascii.h"
#include "base/json_text.h"

namespace pando::config {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

// From large to small: the printer takes the first that divides.
constexpr std::array<Unit, 4> kTimeUnits = {{{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 3> kByteUnits = {{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}};

// The text of a value that is written as one: in a variable, a flag, or a TOML string.
std::optional<std::string_view> TextOf(const Written& written) {
  if (const auto* text = std::get_if<Text>(&written)) return Trimmed(text->text);
  if (const auto* text = std::get_if<std::string>(&written)) return *text;
  return std::nullopt;
}

// Decimal digits, then what follows them.
std::optional<std::pair<uint64_t, std::string_view>> ParseDigits(std::string_view text) {
  uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || text.empty() || text.front() == '-') return std::nullopt;
  return std::pair(number, text.substr(static_cast<size_t>(end - text.data())));
}

// `number` of the unit called `name`, no more than `max`.
template <size_t N>
std::optional<uint64_t> Scale(uint64_t number, std::string_view name, const std::array<Unit, N>& units, uint64_t max) {
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (number > max / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

// Reads the quoted element that begins at text[at]; moves `at` behind its closing quote. nullopt: it has none.
std::optional<std::string> TakeQuoted(std::string_view text, size_t& at) {
  std::string element;
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] != '"') {
      element += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '"') {
      element += text[i++];
    } else {
      at = i + 1;
      return element;
    }
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> SplitList(std::string_view text) {
  std::vector<std::string> list;
  size_t at = 0;
  while (at < text.size()) {
    const size_t begin = text.find_first_not_of(" \t", at);
    if (begin == std::string_view::npos) break;
    at = begin;
    if (text[at] == '"') {
      std::optional<std::string> element = TakeQuoted(text, at);
      at = std::min(text.find_first_not_of(" \t", at), text.size());
      if (!element || (at < text.size() && text[at] != ',')) return std::nullopt;
      list.push_back(std::move(*element));
    } else {
      const size_t end = std::min(text.find(',', at), text.size());
      const std::string_view element = Trimmed(text.substr(at, end - at));
      if (!element.empty()) list.emplace_back(element);
      at = end;
    }
    ++at;
  }
  return list;
}

// What a password may end at: in a query string, or in a key=value connection string.
void MaskParameter(std::string& text) {
  static constexpr std::string_view kName = "password=";
  for (size_t at = text.find(kName); at != std::string::npos; at = text.find(kName, at + kName.size())) {
    const size_t begin = at + kName.size();
    const bool is_quoted = begin < text.size() && text[begin] == '\'';
    const size_t end = is_quoted ? text.find('\'', begin + 1) : text.find_first_of("& \t", begin);
    const size_t length = end == std::string::npos ? std::string::npos : end - begin + (is_quoted ? 1 : 0);
    text.replace(begin, length, "***");
  }
}

}  // namespace

std::string ToString(const Written& written) {
  if (const auto* text = std::get_if<Text>(&written)) return Quoted(text->text);
  if (const auto* flag = std::get_if<bool>(&written)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<int64_t>(&written)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&written)) return Quoted(*text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&written)) return QuotedList(*list);
  return std::get<Unsupported>(written).written;
}

std::optional<bool> ParseBool(const Written& written) {
  if (const auto* flag = std::get_if<bool>(&written)) return *flag;
  const auto* text = std::get_if<Text>(&written);
  if (text == nullptr) return std::nullopt;
  const std::string word = ToLower(Trimmed(text->text));
  if (word == "true" || word == "on" || word == "yes" || word == "1") return true;
  if (word == "false" || word == "off" || word == "no" || word == "0") return false;
  return std::nullopt;
}

std::optional<uint32_t> ParseUint32(const Written& written) {
  static constexpr uint64_t kMax = std::numeric_limits<uint32_t>::max();
  if (const auto* number = std::get_if<int64_t>(&written)) {
    if (*number < 0 || static_cast<uint64_t>(*number) > kMax) return std::nullopt;
    return static_cast<uint32_t>(*number);
  }
  const auto* text = std::get_if<Text>(&written);
  if (text == nullptr) return std::nullopt;
  const auto digits = ParseDigits(Trimmed(text->text));
  if (!digits || !digits->second.empty() || digits->first > kMax) return std::nullopt;
  return static_cast<uint32_t>(digits->first);
}

std::optional<milliseconds> ParseMilliseconds(const Written& written) {
  if (const auto* number = std::get_if<int64_t>(&written); number != nullptr && *number == 0) return milliseconds(0);
  const std::optional<std::string_view> text = TextOf(written);
  if (!text) return std::nullopt;
  const auto digits = ParseDigits(*text);
  if (!digits) return std::nullopt;
  const auto& [number, unit] = *digits;
  if (number == 0 && unit.empty()) return milliseconds(0);
  static constexpr auto kMax = static_cast<uint64_t>(std::numeric_limits<milliseconds::rep>::max());
  const std::optional<uint64_t> count = Scale(number, unit, kTimeUnits, kMax);
  if (!count) return std::nullopt;
  return milliseconds(static_cast<milliseconds::rep>(*count));
}

std::optional<Bytes> ParseBytes(const Written& written) {
  if (const auto* number = std::get_if<int64_t>(&written)) {
    if (*number < 0) return std::nullopt;
    return Bytes{static_cast<uint64_t>(*number)};
  }
  const std::optional<std::string_view> text = TextOf(written);
  if (!text) return std::nullopt;
  const auto digits = ParseDigits(*text);
  if (!digits) return std::nullopt;
  const auto& [number, unit] = *digits;
  if (unit.empty()) return Bytes{number};
  const std::optional<uint64_t> count = Scale(number, unit, kByteUnits, std::numeric_limits<uint64_t>::max());
  if (!count) return std::nullopt;
  return Bytes{*count};
}

std::optional<std::string> ParseString(const Written& written) {
  if (const auto* text = std::get_if<Text>(&written)) return text->text;
  if (const auto* text = std::get_if<std::string>(&written)) return *text;
  return std::nullopt;
}

std::optional<std::vector<std::string>> ParseList(const Written& written) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&written)) return *list;
  if (const auto* text = std::get_if<Text>(&written)) return SplitList(text->text);
  return std::nullopt;
}

std::string Format(milliseconds span) {
  const auto count = static_cast<uint64_t>(span.count());
  if (count == 0) return "0s";
  for (const Unit& unit : kTimeUnits) {
    if (count % unit.factor == 0) return std::to_string(count / unit.factor) + std::string(unit.name);
  }
  return std::to_string(count) + "ms";
}

std::string Format(Bytes size) {
  for (const Unit& unit : kByteUnits) {
    if (size.count != 0 && size.count % unit.factor == 0) {
      return std::to_string(size.count / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(size.count);
}

std::string Quoted(std::string_view text) {
  std::string quoted;
  AppendJsonString(quoted, text);
  // JSON leaves DEL as it is, TOML does not allow it.
  for (size_t at = quoted.find('\x7f'); at != std::string::npos; at = quoted.find('\x7f', at)) {
    quoted.replace(at, 1, "\\u007F");
  }
  return quoted;
}

std::string QuotedList(const std::vector<std::string>& list) {
  std::string text = "[";
  for (const std::string& element : list) {
    if (text.size() > 1) text += ", ";
    text += Quoted(element);
  }
  return text + "]";
}

std::string MaskPassword(std::string_view text) {
  std::string masked(text);
  const size_t scheme = masked.find("://");
  if (scheme != std::string::npos) {
    const size_t begin = scheme + 3;
    // The last '@' counts, also behind a '/' or '?': a password that was not percent-encoded may hold all of them, and
    // to hide too much is the safe side.
    size_t at = masked.rfind('@', masked.find('?', begin));
    if (at == std::string::npos || at < begin) at = masked.rfind('@');
    const size_t colon = masked.find(':', begin);
    if (at != std::string::npos && at >= begin && colon < at) masked.replace(colon + 1, at - colon - 1, "***");
  }
  MaskParameter(masked);
  return masked;
}

}  // namespace pando::config
