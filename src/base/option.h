// The vocabulary with which a module declares its options, once each. A module writes a struct with the defaults as
// member initialisers and a Describe() beside it; config/ reads the rows for parsing, --help, the dump and the docs.
//
//   struct PoolOptions { uint32_t connections_max = 16; };
//   template <class Visitor> void Describe(Visitor& visit, PoolOptions& o) {
//     visit.Option("database.connections_max", o.connections_max, Range<uint32_t>{1, 10'000}, Reload::kLive,
//                  "Connections this process may hold to one database; each costs that server a process.");
//   }
//
// Visitor::Option has these forms; `help` is one full sentence that says what it bounds and what moving it costs:
//   Option(name, bool&, Reload, help)
//   Option(name, uint32_t& | milliseconds& | Bytes&, Range<same>, Reload, help)
//   Option(name, std::string&, Reload, help)               Option(name, std::string&, OneOf, Reload, help)
//   Option(name, std::optional<std::string>&, Reload, help)       unset means "none"
//   Option(name, std::optional<uint32_t>&, Range<uint32_t>, Reload, help)
//   Option(name, Secret&, Reload, help)                           printed masked, never logged; unset when empty
//   Option(name, std::vector<std::string>&, Reload, help)
//   Option(name, std::map<std::string, std::string>&, Reload, help)      a TOML table of strings
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pando {

template <class T>
struct Range {
  T min;
  T max;
};

struct OneOf {
  std::vector<std::string_view> values;
};

// May a SIGHUP change it while the server runs?
enum class Reload { kRestart, kLive };

// A size in bytes; configuration writes it as a number or with KiB, MiB, GiB.
struct Bytes {
  uint64_t count = 0;
  friend constexpr auto operator<=>(Bytes, Bytes) = default;
};
constexpr Bytes KiB(uint64_t n) { return Bytes{n << 10}; }
constexpr Bytes MiB(uint64_t n) { return Bytes{n << 20}; }
constexpr Bytes GiB(uint64_t n) { return Bytes{n << 30}; }

// A text that is never printed. reveal() marks the few places that need it.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string text_;
};

}  // namespace pando
