// Texts that nobody can guess, and that no two processes share.
//
// Concurrency  thread-safe
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

namespace pando {

// `length` letters out of `letters`, drawn from the operating system.
inline std::string RandomText(size_t length, std::string_view letters) {
  std::random_device random;
  std::string text;
  for (size_t i = 0; i < length; ++i) text += letters[random() % letters.size()];
  return text;
}

}  // namespace pando
