// Bytes as hexadecimal digits.
//
// Concurrency  pure functions
#pragma once

#include <string>
#include <string_view>

namespace pando {

// Two lower-case digits for each byte.
inline void AppendHex(std::string& out, std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  out.reserve(out.size() + 2 * bytes.size());
  for (const char byte : bytes) {
    out += kDigits[static_cast<unsigned char>(byte) >> 4];
    out += kDigits[static_cast<unsigned char>(byte) & 15];
  }
}

}  // namespace pando
