// A Point is what one phase showed, in the numbers that are reported: rates, latencies, and whether they can be
// trusted.
//
// Concurrency  immutable once made
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/schedule.h"
#include "bench/tally.h"

namespace pando::bench {

// Spans in milliseconds; infinite where the quantile falls among failed requests.
struct Latency {
  double p50 = 0, p90 = 0, p99 = 0, p999 = 0, p9999 = 0, max = 0, mean = 0;
};

struct KindPoint {
  std::string name;
  uint64_t answered = 0, failed = 0;
  Latency response;
};

struct Point {
  std::string name;
  double seconds = 0;
  double offered = 0;   // requests a second that were due
  double achieved = 0;  // requests a second that were answered as expected while the phase lasted
  uint64_t due = 0;
  std::array<uint64_t, kFailures> failures{};
  Latency response;  // from the intended instant, failed requests included
  Latency service;   // from the bytes being sent, of those that were answered
  double lag_ms_p99 = 0;
  double in_flight = 0;              // N: under way, averaged over the time
  double little_error = 0;           // |N - X * R| / N
  double drift = 0;                  // growth of the number in the system from the beginning to the end, over its mean
  bool stationary = true;            // that number neither grew nor shrank for certain
  double settled_after_seconds = 0;  // after which 99 % of the requests kept the promise to the end; infinite: never
  double received_bytes = 0;         // a second
  double cpu_us = 0;                 // of the generator, a completed request
  double cpu_share_max = 0;          // of its busiest thread
  std::vector<KindPoint> kinds;

  uint64_t failed() const;
  double failed_share() const { return due == 0 ? 0 : static_cast<double>(failed()) / static_cast<double>(due); }
  // More was offered than came back: the latencies grow with the length of the phase.
  bool is_saturated() const { return achieved < kSaturatedBelow * offered; }
  // The generator was late itself, so its figures do not tell about the server. A lag that is no longer than the
  // kernel takes to wake a thread is not held against it.
  bool is_void() const;

  static constexpr double kSaturatedBelow = 0.98;
  static constexpr double kLagShareMax = 0.1;
  static constexpr double kLagFreeMs = 0.2;
};

// `names` are those of the kinds of requests.
Point MakePoint(const Phase& phase, const Tally& tally, const std::vector<std::string>& names);

}  // namespace pando::bench
