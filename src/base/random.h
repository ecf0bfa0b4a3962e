// Texts and numbers that nobody can guess, and that no two processes share: drawn from the operating system.
//
// Concurrency  thread-safe
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace pando {

inline uint64_t RandomBits() {
  std::random_device random;
  return (uint64_t{random()} << 32) | random();
}

// `length` letters out of `letters`.
inline std::string RandomText(size_t length, std::string_view letters) {
  std::random_device random;
  std::string text;
  for (size_t i = 0; i < length; ++i) text += letters[random() % letters.size()];
  return text;
}

}  // namespace pando
