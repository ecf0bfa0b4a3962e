// When requests are due: a profile of rates over time, and the instants that follow from it, the arrivals and a seed.
// Nothing that happens during the run has a part in it.
//
// Concurrency  Phase: immutable. ArrivalStream: single-owner
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/random.h"

namespace pando::bench {

enum class Arrivals {
  kConstant,  // evenly spaced
  kPoisson,   // independent of each other, as those of many clients are
};

// A stretch of the schedule. A plateau has one rate, a ramp two; a spike is a short plateau between others.
struct Phase {
  std::string name;
  double rate = 0;     // requests a second at its beginning
  double rate_to = 0;  // and at its end
  std::chrono::nanoseconds duration{0};
  bool measured = true;  // false: a warm-up, reported nowhere
  // What was not sent within a second, or by its end, is given up (and has failed), as clients would.
  bool abandons_backlog = false;

  double requests() const { return (rate + rate_to) / 2 * std::chrono::duration<double>(duration).count(); }
};

// A phase of one rate.
Phase MakePlateau(const std::string& name, double rate, std::chrono::nanoseconds duration, bool measured);

std::chrono::nanoseconds DurationOf(const std::vector<Phase>& phases);

// The instants of one of `shares` threads: together they follow the profile.
class ArrivalStream {
 public:
  static constexpr int64_t kEnd = INT64_MAX;

  struct Share {
    uint32_t index = 0;
    uint32_t count = 1;
  };

  // REQUIRES: share.index < share.count; `phases` outlives the stream.
  ArrivalStream(const std::vector<Phase>& phases, Arrivals arrivals, uint64_t seed, Share share);

  // The next instant, in nanoseconds from the beginning and never earlier than the one before; kEnd after the last.
  int64_t Next();
  // The phase that the last instant fell into.
  uint32_t phase() const { return phase_; }

 private:
  const std::vector<Phase>* phases_;
  Arrivals arrivals_;
  Random random_;
  double step_;          // requests of the whole profile from one of ours to the next, on average
  double due_;           // requests of the whole profile up to our next one
  double before_ = 0;    // requests of the phases before phase_
  double begin_ns_ = 0;  // where phase_ begins
  uint32_t phase_ = 0;
};

}  // namespace pando::bench
