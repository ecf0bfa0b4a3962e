#include "http/message.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ascii.h"

namespace pando::http {
namespace {

constexpr size_t kBytesMax = size_t{1} << 31;
constexpr size_t kBytesKept = 1 << 10;

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

bool AnyIsLow(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHighBits = 0x8080808080808080;
  return ((word - kOnes * ('\r' + 1)) & ~word & kHighBits) != 0;
}

// Whether a byte has the code of CR or a lower one, eight at a time.
bool HasLow(std::string_view text) {
  uint64_t word = 0;
  if (text.size() < sizeof(word))
    return std::any_of(text.begin(), text.end(), [](char c) { return c >= 0 && c <= '\r'; });
  const char* const last = text.data() + text.size() - sizeof(word);
  for (const char* at = text.data(); at < last; at += sizeof(word)) {
    std::memcpy(&word, at, sizeof(word));
    if (AnyIsLow(word)) return true;
  }
  std::memcpy(&word, last, sizeof(word));
  return AnyIsLow(word);
}

// The path and query of a target. A client that takes us for a proxy sends "http://host/path" (absolute-form, which a
// server must accept: RFC 9112, 3.2.2).
std::string_view OriginForm(std::string_view target) {
  if (target.starts_with('/')) return target;
  const size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos || scheme_end > target.find_first_of("/?")) return target;
  const size_t authority_end = target.find_first_of("/?", scheme_end + 3);
  return authority_end == std::string_view::npos ? std::string_view("/") : target.substr(authority_end);
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && ToLower(a[i]) != ToLower(b[i])) return false;
  }
  return true;
}

bool IsFieldName(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar); }

bool IsFieldValue(std::string_view text) { return !HasLow(text) || std::none_of(text.begin(), text.end(), BreaksLine); }

void Headers::Add(std::string_view name, std::initializer_list<std::string_view> pieces) {
  size_t value_size = 0;
  for (const std::string_view piece : pieces) value_size += piece.size();
  const size_t begin = lines_.size();
  const size_t size = name.size() + kColon.size() + value_size;
  if (name.empty() || size > kBytesMax - begin) return;
  char* const line = lines_.Space(size + kLineEnd.size());
  char* to = WriteText(WriteText(line, name), kColon);
  for (const std::string_view piece : pieces) to = WriteText(to, piece);
  if (!IsFieldValue({line, size})) return;
  lines_.EndAt(WriteText(to, kLineEnd));
  places_.push_back(
      {static_cast<uint32_t>(begin), static_cast<uint32_t>(name.size()), static_cast<uint32_t>(value_size)});
  names_ = names_ | Names(name);
}

std::optional<std::string_view> Headers::Search(std::string_view name) const {
  std::optional<std::string_view> first;
  ForEach(name, [&](std::string_view value) {
    first = value;
    return false;
  });
  return first;
}

std::vector<std::string_view> Headers::FindAll(std::string_view name) const {
  std::vector<std::string_view> values;
  ForEach(name, [&](std::string_view value) {
    values.push_back(value);
    return true;
  });
  return values;
}

void Headers::Append(const Headers& others) {
  const auto begin = static_cast<uint32_t>(lines_.size());
  lines_.Append(others.lines());
  for (const Place& place : others.places_) {
    places_.push_back({place.begin + begin, place.name_size, place.value_size});
  }
  names_ = names_ | others.names_;
}

void Headers::Set(std::string_view name, std::string_view value) {
  if (!Find(name)) return Add(name, value);
  Headers changed;
  bool is_set = false;
  for (const auto& [field, old] : *this) {
    if (!EqualsIgnoreCase(field, name)) {
      changed.Add(field, old);
    } else if (!is_set) {
      changed.Add(field, value);
      is_set = true;
    }
  }
  *this = std::move(changed);
}

void Headers::Remove(std::string_view name) {
  if (!Find(name)) return;
  Headers changed;
  for (const auto& [field, value] : *this) {
    if (!EqualsIgnoreCase(field, name)) changed.Add(field, value);
  }
  *this = std::move(changed);
}

void Headers::Reserve(size_t fields, size_t bytes) {
  places_.reserve(fields);
  lines_.Space(bytes);
}

void Headers::Clear() {
  lines_.Clear(kBytesKept);
  places_.clear();
  names_ = Names();
}

std::string_view Request::path() const {
  const std::string_view origin = OriginForm(target);
  const std::string_view path = origin.substr(0, origin.find('?'));
  return path.empty() && !origin.empty() ? std::string_view("/") : path;
}

std::string_view Request::query() const {
  const size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

}  // namespace pando::http
