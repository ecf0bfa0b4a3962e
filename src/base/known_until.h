// A KnownUntil says until when something is known to hold that somebody else looks at again and again: so long after
// the last look that confirmed it.
//
// Concurrency  thread-safe, lock-free
#pragma once

#include <atomic>

#include "base/deadline.h"

namespace pando {

class KnownUntil {
 public:
  // Holds before `until`.
  explicit KnownUntil(Clock::time_point until) : until_(until.time_since_epoch().count()) {}

  bool Holds(Clock::time_point now) const {
    return now.time_since_epoch().count() < until_.load(std::memory_order_acquire);
  }

  // It was seen to hold: until then at least. Nothing after End().
  void Extend(Clock::time_point until) {
    Clock::rep known = until_.load(std::memory_order_relaxed);
    const Clock::rep wanted = until.time_since_epoch().count();
    while (known != kEnded && known < wanted &&
           !until_.compare_exchange_weak(known, wanted, std::memory_order_release)) {
    }
  }
  // It does not hold any more, and never will again.
  void End() { until_.store(kEnded, std::memory_order_release); }

 private:
  static constexpr Clock::rep kEnded = Clock::time_point::min().time_since_epoch().count();
  std::atomic<Clock::rep> until_;
};

}  // namespace pando
