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

// Sixteen bytes, for the processor's vector instructions (GCC and clang: "Vector Extensions").
using Block = unsigned char __attribute__((vector_size(16)));

bool AnyMustEscape(Block block) {
  using Halves = uint64_t __attribute__((vector_size(16)));
  const auto found = (block < 0x20) | (block == '"') | (block == '\\');
  const auto halves = reinterpret_cast<Halves>(found);
  return (halves[0] | halves[1]) != 0;
}

// Copies as many bytes as Piece has if none must be escaped.
template <class Piece>
bool CopyPlain(const char*& from, const char* end, char*& to) {
  Piece piece;
  if (end - from < ptrdiff_t{sizeof(piece)}) return false;
  std::memcpy(&piece, from, sizeof(piece));
  if (AnyMustEscape(piece)) return false;
  std::memcpy(to, &piece, sizeof(piece));
  from += sizeof(piece);
  to += sizeof(piece);
  return true;
}

// Copies the last bytes, fewer than a Piece, together with those before them: if none of the Piece must be escaped,
// these stand as they are before `to`.
template <class Piece>
bool CopyPlainEnd(std::string_view text, const char*& from, char*& to) {
  Piece piece;
  const char* const end = text.data() + text.size();
  const auto left = static_cast<size_t>(end - from);
  if (left >= sizeof(piece) || text.size() < sizeof(piece)) return false;
  std::memcpy(&piece, end - sizeof(piece), sizeof(piece));
  if (AnyMustEscape(piece)) return false;
  std::memcpy(to + left - sizeof(piece), &piece, sizeof(piece));
  from = end;
  to += left;
  return true;
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
    while (CopyPlain<Block>(from, end, to)) continue;
    if (from == end || CopyPlainEnd<Block>(text, from, to)) break;
    if (CopyPlain<uint64_t>(from, end, to) || CopyPlainEnd<uint64_t>(text, from, to)) continue;
    // The rest of the text, or the word with one that must.
    const char* const stop = from + std::min<ptrdiff_t>(end - from, sizeof(uint64_t));
    while (from != stop) to = WriteCharacter(to, static_cast<unsigned char>(*from++));
  }
  *to++ = '"';
  return to;
}

size_t JsonStringSizeMax(std::string_view text) {
  constexpr size_t kLong = 1024, kQuotes = 2;
  if (text.size() < kLong) return text.size() * kJsonEscapeMax + kQuotes;
  size_t size = text.size() + kQuotes;
  for (const char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    if (MustEscape(c)) size += ShortEscape(c) ? 1 : kJsonEscapeMax - 1;
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
