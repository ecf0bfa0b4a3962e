// The Universal Scalability Law: N. J. Gunther, "Guerrilla Capacity Planning", 2007.
//
//   X(N) = rate_one * N / (1 + contention * (N - 1) + coherency * N * (N - 1))
//
// X requests a second with N under way. Contention is the share of the work that only one can do at a time, and
// coherency the price that each pays for each other one, which bends the curve down again.
//
// Concurrency  immutable
#pragma once

#include <optional>
#include <span>

namespace pando::bench {

struct UslSample {
  double in_flight = 0;  // N
  double rate = 0;       // X
};

struct UslFit {
  double rate_one = 0;  // of a single request at a time
  double contention = 0;
  double coherency = 0;
  double determination = 0;  // R squared of the rates

  double RateAt(double in_flight) const;
  // The N of the highest rate; infinite without coherency.
  double PeakInFlight() const;
};

// nullopt with fewer than four samples of positive N and X, or when they determine no curve.
std::optional<UslFit> FitUsl(std::span<const UslSample> samples);

}  // namespace pando::bench
