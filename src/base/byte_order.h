// Numbers in network byte order, as PostgreSQL's protocols have them.
//
// Concurrency  pure functions
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

namespace pando {

static_assert(std::endian::native == std::endian::little, "the numbers below are turned");

template <std::integral Integer>
Integer TurnBytes(Integer number) {
  using Unsigned = std::make_unsigned_t<Integer>;
  const auto bits = static_cast<Unsigned>(number);
  if constexpr (sizeof(Integer) == 1) return number;
  if constexpr (sizeof(Integer) == 2) return static_cast<Integer>(__builtin_bswap16(bits));
  if constexpr (sizeof(Integer) == 4) return static_cast<Integer>(__builtin_bswap32(bits));
  if constexpr (sizeof(Integer) == 8) return static_cast<Integer>(__builtin_bswap64(bits));
}

// REQUIRES: as many bytes as Integer has.
template <std::integral Integer>
Integer ReadNumber(const char* bytes) {
  Integer number;
  std::memcpy(&number, bytes, sizeof(number));
  return TurnBytes(number);
}

template <std::integral Integer>
void WriteNumber(char* to, Integer number) {
  number = TurnBytes(number);
  std::memcpy(to, &number, sizeof(number));
}

template <std::integral Integer>
void AppendNumber(std::string& out, Integer number) {
  number = TurnBytes(number);
  out.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

}  // namespace pando
