// A Sampler draws ranks from 0 (the most popular) to count - 1, each draw in constant time and memory.
//
// Concurrency  immutable; the randomness is the caller's
#pragma once

#include <cstdint>

#include "bench/random.h"

namespace pando::bench {

class Sampler {
 public:
  // REQUIRES (all): count > 0.
  static Sampler Uniform(uint64_t count);
  // Rank k with a probability proportional to 1 / (k + 1)^exponent. REQUIRES: exponent > 0.
  static Sampler Zipf(uint64_t count, double exponent);
  // A share of `draws` falls on the first `keys` of all ranks, evenly, and the rest evenly on the others.
  // REQUIRES: both between 0 and 1.
  static Sampler HotSet(uint64_t count, double draws, double keys);

  uint64_t Draw(Random& random) const;
  uint64_t count() const { return count_; }

 private:
  enum class Kind { kUniform, kZipf, kHotSet };

  Sampler(Kind kind, uint64_t count) : kind_(kind), count_(count) {}
  uint64_t DrawZipf(Random& random) const;
  double Integral(double x) const;
  double IntegralInverse(double area) const;
  double Density(double x) const;

  Kind kind_;
  uint64_t count_;
  double exponent_ = 0;
  double area_low_ = 0, area_high_ = 0, shortcut_ = 0;  // of Zipf
  double hot_draws_ = 0;
  uint64_t hot_count_ = 0;
};

// Takes the ranks 0 to count - 1 to keys of the same range, one to one, so that popular keys do not lie side by side
// on the same pages. REQUIRES: count > 0.
class Scatter {
 public:
  explicit Scatter(uint64_t count);
  uint64_t operator()(uint64_t rank) const {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(rank) * factor_ % count_);
  }

 private:
  uint64_t count_;
  uint64_t factor_;  // shares no divisor with count_
};

}  // namespace pando::bench
