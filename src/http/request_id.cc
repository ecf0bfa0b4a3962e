#include "http/request_id.h"

#include <algorithm>
#include <random>

namespace pando::http {
namespace {

constexpr size_t kSizeMax = 128;

bool IsUsable(std::string_view id) {
  return !id.empty() && id.size() <= kSizeMax &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// The finalizer of splitmix64: spreads a counter over all 64 bits, one to one.
uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Sixteen digits.
char* WriteHex(uint64_t value, char* to) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) *to++ = kDigits[(value >> shift) & 0xf];
  return to;
}

}  // namespace

RequestIds::RequestIds() {
  std::random_device random;
  const auto draw = [&random] { return (uint64_t{random()} << 32) | random(); };
  high_ = draw();
  low_ = draw();
}

std::string RequestIds::Choose(std::optional<std::string_view> sent) {
  if (sent && IsUsable(*sent)) return std::string(*sent);
  char digits[32];
  WriteHex(Mix(low_++), WriteHex(high_, digits));
  return std::string(digits, sizeof(digits));
}

}  // namespace pando::http
