// Bytes as hexadecimal digits.
//
// Concurrency  pure functions
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace pando {

constexpr std::array<std::array<char, 2>, 256> MakeHexDigits() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> of_byte{};
  for (size_t byte = 0; byte < of_byte.size(); ++byte) of_byte[byte] = {kDigits[byte >> 4], kDigits[byte & 15]};
  return of_byte;
}
inline constexpr std::array<std::array<char, 2>, 256> kHexDigits = MakeHexDigits();

// Two lower-case digits for each byte. Returns where they end.
inline char* WriteHex(std::string_view bytes, char* to) {
  for (const char byte : bytes) {
    const std::array<char, 2>& digits = kHexDigits[static_cast<unsigned char>(byte)];
    *to++ = digits[0];
    *to++ = digits[1];
  }
  return to;
}

inline void AppendHex(std::string& out, std::string_view bytes) {
  const size_t begin = out.size();
  out.resize(begin + 2 * bytes.size());
  WriteHex(bytes, out.data() + begin);
}

}  // namespace pando
