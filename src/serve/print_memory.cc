#include "serve/print_memory.h"

#include <algorithm>
#include <functional>

#include "sql/flat.h"

namespace pando::serve {
namespace {

constexpr int kCountBits = 12;
constexpr uint64_t kCountMask = (uint64_t{1} << kCountBits) - 1;
constexpr uint64_t kTagMask = ~((uint64_t{1} << 2 * kCountBits) - 1);
static_assert(PrintMemory::kPauseMax <= kCountMask);

struct State {
  uint32_t pause = 0;
  uint32_t left = 0;  // answers that the database prints before the server tries again
};

// An empty State when the place is another statement's.
State StateOf(uint64_t place, uint64_t key) {
  if ((place & kTagMask) != (key & kTagMask)) return {};
  return {static_cast<uint32_t>(place >> kCountBits & kCountMask), static_cast<uint32_t>(place & kCountMask)};
}

uint64_t PlaceWith(uint64_t key, const State& state) {
  return (key & kTagMask) | uint64_t{state.pause} << kCountBits | state.left;
}

}  // namespace

uint64_t PrintMemory::KeyOf(std::string_view sql, std::string_view role) {
  const std::hash<std::string_view> hash;
  return hash(sql) ^ hash(role) * 0x9E3779B97F4A7C15;
}

bool PrintMemory::DatabasePrints(uint64_t key) const {
  return StateOf(places_[key % kStatements].load(std::memory_order_relaxed), key).left > 0;
}

void PrintMemory::Failed(uint64_t key) {
  std::atomic<uint64_t>& place = PlaceOf(key);
  State state = StateOf(place.load(std::memory_order_relaxed), key);
  // Those that were under way together tell of one thing.
  if (state.left == 0) state.pause = std::clamp(state.pause * 2, kPauseMin, kPauseMax);
  state.left = state.pause;
  place.store(PlaceWith(key, state), std::memory_order_relaxed);
}

void PrintMemory::Printed(uint64_t key, int64_t rows) {
  std::atomic<uint64_t>& place = PlaceOf(key);
  uint64_t before = place.load(std::memory_order_relaxed);
  State state = StateOf(before, key);
  if (state.left == 0) return;
  state.left = rows > sql::kFlatRowsMax ? state.pause : state.left - 1;
  place.compare_exchange_strong(before, PlaceWith(key, state), std::memory_order_relaxed);
}

}  // namespace pando::serve
