// What came of the requests of one phase. Each thread keeps one a phase; they are merged at the end.
//
// Concurrency  single-owner
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/histogram.h"

namespace pando::bench {

// Why a request failed.
enum class Failure : uint8_t {
  kUnsent,      // no connection was free before the run (or its phase) ended
  kTimeout,     // sent, and not answered in time
  kConnection,  // the connection broke, or was closed, before the answer was whole
  kMalformed,   // the answer is not HTTP
  kStatus,      // an answer, but with a status that was not expected
};
inline constexpr size_t kFailures = 5;
std::string_view ToString(Failure failure);

// One slice of a phase, 1 / kSlices of its time.
struct Slice {
  double in_system_ns = 0;  // time that requests spent due and not finished within the slice, summed
  uint64_t due = 0;         // requests whose instant lies in it
  uint64_t within_slo = 0;  // of these: answered, as expected, within the promise
};

// Of one kind of request.
struct KindTally {
  Histogram response;
  uint64_t failed = 0;  // but for those that were not sent: what they would have been was not drawn
};

struct Tally {
  static constexpr size_t kSlices = 20;

  explicit Tally(size_t kinds) : kinds(kinds) {}

  void Merge(const Tally& other);
  uint64_t failed() const;

  // By the instant that was intended.
  uint64_t due = 0;
  Histogram response;  // from the intended instant; of requests that succeeded
  Histogram service;   // from the bytes being sent; of all that were answered
  Histogram lag;       // from when it could have been sent (due, and a connection free) to when it was
  std::vector<KindTally> kinds;
  std::array<uint64_t, kFailures> failures{};
  std::array<Slice, kSlices> slices{};

  // By the clock, while the phase lasted.
  uint64_t answered = 0;    // as expected
  uint64_t completed = 0;   // with any status
  double service_ns = 0;    // of the completed ones, summed
  double in_flight_ns = 0;  // time that requests were under way, summed by the clock
  uint64_t bytes_received = 0;
  double cpu_seconds = 0;    // of the generator's threads
  double cpu_share_max = 0;  // of the busiest thread: 1 is a whole core
};

}  // namespace pando::bench
