// The characters of HTTP's grammar.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace pando::http {

namespace detail {

constexpr std::array<bool, 256> MakeTokenChars() {
  std::array<bool, 256> is_token{};
  for (char c = 'a'; c <= 'z'; ++c) is_token[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) is_token[static_cast<unsigned char>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) is_token[static_cast<unsigned char>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) is_token[static_cast<unsigned char>(c)] = true;
  return is_token;
}
inline constexpr std::array<bool, 256> kTokenChars = MakeTokenChars();

}  // namespace detail

// tchar (RFC 9110, 5.6.2).
constexpr bool IsTokenChar(char c) { return detail::kTokenChars[static_cast<unsigned char>(c)]; }
inline constexpr std::string_view kLineEnd = "\r\n";

// How many characters of a token `text` begins with.
constexpr size_t TokenSize(std::string_view text) {
  size_t size = 0;
  while (size < text.size() && IsTokenChar(text[size])) ++size;
  return size;
}

namespace detail {

// Sixteen bytes, for the processor's vector instructions (GCC and clang: "Vector Extensions").
using Block = unsigned char __attribute__((vector_size(16)));

// Where the first byte is that is less than `bound` or DEL; text.size() when there is none.
inline size_t FindBelow(std::string_view text, unsigned char bound) {
  using Halves = uint64_t __attribute__((vector_size(16)));
  static_assert(std::endian::native == std::endian::little);
  Block block;
  if (text.size() < sizeof(block)) {
    size_t at = 0;
    while (at < text.size() && static_cast<unsigned char>(text[at]) >= bound && text[at] != '\x7f') ++at;
    return at;
  }
  const size_t last = text.size() - sizeof(block);
  for (size_t at = 0;; at = at + sizeof(block) < last ? at + sizeof(block) : last) {
    std::memcpy(&block, text.data() + at, sizeof(block));
    const auto halves = reinterpret_cast<Halves>((block < bound) | (block == 0x7f));
    if ((halves[0] | halves[1]) != 0) {
      const size_t half = halves[0] != 0 ? 0 : 1;
      return at + half * 8 + static_cast<size_t>(std::countr_zero(halves[half])) / 8;
    }
    if (at == last) return text.size();
  }
}

}  // namespace detail

// Where the first control character is, tabs among them; text.size() when there is none.
inline size_t FindControl(std::string_view text) { return detail::FindBelow(text, ' '); }
// The same, but for tabs: what neither a field's value nor a chunk's extensions may hold.
inline size_t FindControlButTab(std::string_view text) {
  size_t at = FindControl(text);
  while (at < text.size() && text[at] == '\t') at += 1 + FindControl(text.substr(at + 1));
  return at;
}
// Where the first control character or space is; text.size() when there is none.
inline size_t FindControlOrSpace(std::string_view text) { return detail::FindBelow(text, ' ' + 1); }

}  // namespace pando::http
