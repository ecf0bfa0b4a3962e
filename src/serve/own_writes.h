// When callers wrote last, so that the cache shows nothing older to them: what they wrote has passed once the change
// stream has shown everything of that moment. Callers who have no name carry the moment with them (Pando-Position).
//
// Concurrency  thread-safe
// Bounds       512 KiB. Callers whose numbers fall together are taken for one: they miss the cache a little more often.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"

namespace pando::serve {

class OwnWrites {
 public:
  OwnWrites();

  // Call when the write has ended, however, and before anybody is told.
  void Note(size_t caller, Clock::time_point now);
  // Clock::time_point::min() when there was none.
  Clock::time_point LastBy(size_t caller) const;

  // A moment as text, that this process alone can read.
  std::string WritePosition(Clock::time_point at) const;
  // nullopt: of another process, or no position at all.
  std::optional<Clock::time_point> ReadPosition(std::string_view text) const;

 private:
  std::atomic<Clock::rep>& SlotOf(size_t caller) { return slots_[caller % slots_.size()]; }

  const std::string process_;  // a random name
  std::vector<std::atomic<Clock::rep>> slots_;
};

}  // namespace pando::serve
