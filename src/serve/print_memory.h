// A PrintMemory remembers which statements the server could not print as JSON itself, because they gave too many rows
// (sql::kFlatRowsMax) or a value of another form than the catalog says: the database prints those, so that a request
// runs one statement rather than two.
//
// The way back: after kPauseMin answers that the server could have printed, it tries again. A statement whose answers
// are large and small by turns pauses twice as long each time that the try was in vain, up to kPauseMax.
//
// Concurrency  thread-safe, without locks: one for all event loops. What two loops learn at the same moment may count
//              once.
// Bounds       kStatements statements; another one with the same place takes the place
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pando::serve {

class PrintMemory {
 public:
  static constexpr size_t kStatements = 1024;
  static constexpr uint32_t kPauseMin = 8, kPauseMax = 256;

  // What a statement is known by: its text as written for the server to print, and the role, whose policies decide how
  // many rows there are.
  static uint64_t KeyOf(std::string_view sql, std::string_view role);

  bool DatabasePrints(uint64_t key) const;
  // The server could not print what the statement gave.
  void Failed(uint64_t key);
  // The database printed so many rows.
  void Printed(uint64_t key, int64_t rows);

 private:
  std::atomic<uint64_t>& PlaceOf(uint64_t key) { return places_[key % kStatements]; }

  std::array<std::atomic<uint64_t>, kStatements> places_{};  // the key's upper bits, the pause, and what is left of it
};

}  // namespace pando::serve
