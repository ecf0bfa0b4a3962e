// Which of a request's settings (docs/rest.md section 20) something reads, as far as its stored definition tells.
//
// Concurrency  immutable
#pragma once

#include <cstdint>
#include <string_view>

namespace pando::catalog {

// A set. What is not told apart, or not known, is everything.
enum class Observed : uint8_t {
  kNothing = 0,
  kClaims = 1 << 0,       // request.jwt.claims
  kMethod = 1 << 1,       // request.method
  kPath = 1 << 2,         // request.path
  kHeaders = 1 << 3,      // request.headers
  kCookies = 1 << 4,      // request.cookies
  kAppSettings = 1 << 5,  // app.settings.*
  kIdentity = 1 << 6,     // role, search_path: who asks, and where names are looked up
  kOther = 1 << 7,        // any other, or one whose name is not constant
  kEverything = 0xff,
};

constexpr Observed operator|(Observed a, Observed b) {
  return static_cast<Observed>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}
constexpr Observed& operator|=(Observed& a, Observed b) { return a = a | b; }
constexpr bool Overlap(Observed a, Observed b) { return (static_cast<uint8_t>(a) & static_cast<uint8_t>(b)) != 0; }

// Of a setting by its name, whose case does not matter.
Observed ObservedByName(std::string_view setting);

}  // namespace pando::catalog
