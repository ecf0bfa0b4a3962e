#include "base/json_text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace pando {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;

bool MustEscape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

// The high bit of a byte that is zero is set; of bytes above the first such one it may be as well.
uint64_t ZeroBytes(uint64_t word) { return (word - kOnes) & ~word & kHighBits; }

// True when one of the eight bytes must be escaped.
bool AnyMustEscape(uint64_t word) {
  const uint64_t controls = (word - kOnes * 0x20) & ~word & kHighBits;
  return (controls | ZeroBytes(word ^ kOnes * '"') | ZeroBytes(word ^ kOnes * '\\')) != 0;
}

constexpr char kHex[] = "0123456789abcdef";

// The letter behind the backslash; 0 for those that become \u00xx.
char ShortEscape(unsigned char c) {
  switch (c) {
    case '"':
    case '\\':
      return static_cast<char>(c);
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

char* WriteCharacter(char* to, unsigned char c) {
  if (!MustEscape(c)) {
    *to++ = static_cast<char>(c);
    return to;
  }
  *to++ = '\\';
  if (const char letter = ShortEscape(c)) {
    *to++ = letter;
    return to;
  }
  for (const char digit : {'u', '0', '0', kHex[c >> 4], kHex[c & 15]}) *to++ = digit;
  return to;
}

}  // namespace

char* WriteJsonString(char* to, std::string_view text) {
  *to++ = '"';
  const char* from = text.data();
  const char* const end = from + text.size();
  while (from != end) {
    for (uint64_t word = 0; end - from >= ptrdiff_t{sizeof(word)}; from += sizeof(word), to += sizeof(word)) {
      std::memcpy(&word, from, sizeof(word));
      if (AnyMustEscape(word)) break;
      std::memcpy(to, &word, sizeof(word));
    }
    // The rest of the text, or the word with one that must.
    const char* const stop = from + std::min<ptrdiff_t>(end - from, sizeof(uint64_t));
    while (from != stop) to = WriteCharacter(to, static_cast<unsigned char>(*from++));
  }
  *to++ = '"';
  return to;
}

size_t JsonStringSizeMax(std::string_view text) {
  constexpr size_t kLong = 1024, kQuotes = 2, kEscape = 6;
  if (text.size() < kLong) return text.size() * kEscape + kQuotes;
  size_t size = text.size() + kQuotes;
  for (const char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    if (MustEscape(c)) size += ShortEscape(c) ? 1 : kEscape - 1;
  }
  return size;
}

void AppendJsonString(std::string& out, std::string_view text) {
  const size_t begin = out.size();
  out.resize(begin + JsonStringSizeMax(text));
  out.resize(static_cast<size_t>(WriteJsonString(out.data() + begin, text) - out.data()));
}

std::string JsonString(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

}  // namespace pando
