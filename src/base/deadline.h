// A Deadline is a point in time that is passed along; a timeout is a span that lives in options.
//
// Concurrency  immutable
#pragma once

#include <algorithm>
#include <chrono>

namespace pando {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

class Deadline {
 public:
  // Never passes.
  constexpr Deadline() : at_(Clock::time_point::max()) {}
  constexpr explicit Deadline(Clock::time_point at) : at_(at) {}

  static Deadline After(Clock::duration span) { return Deadline(Clock::now() + span); }
  static constexpr Deadline Never() { return Deadline(); }

  constexpr Clock::time_point at() const { return at_; }
  constexpr bool is_never() const { return at_ == Clock::time_point::max(); }
  bool passed() const { return !is_never() && Clock::now() >= at_; }
  // Time left, never negative; Clock::duration::max() when it never passes.
  Clock::duration left() const {
    if (is_never()) return Clock::duration::max();
    return std::max(at_ - Clock::now(), Clock::duration::zero());
  }
  // The earlier of the two.
  constexpr Deadline Min(Deadline other) const { return at_ < other.at_ ? *this : other; }

 private:
  Clock::time_point at_;
};

}  // namespace pando
