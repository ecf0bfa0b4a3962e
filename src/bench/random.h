// Random numbers that are the same for the same seed on every machine, for schedules, keys and rows.
//
// xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), its state filled by
// SplitMix64. std::mt19937_64 has 2.5 KB of state, and the standard leaves its distributions to the library.
//
// Concurrency  single-owner
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace pando::bench {

class Random {
 public:
  // Streams of one seed are independent of each other: one for each thread or table.
  explicit Random(uint64_t seed, uint64_t stream = 0) {
    uint64_t mix = seed ^ (stream * 0xd1342543de82ef95u + 0x632be59bd9b4e019u);
    for (uint64_t& word : state_) word = SplitMix(mix);
  }

  uint64_t Next() {
    const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // From 0 up to and without 1.
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  // From 0 up to and without `count`. A multiplication instead of a division: the bias is below count / 2^64.
  uint64_t Below(uint64_t count) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * count) >> 64);
  }
  // Exponentially distributed with mean 1: the gaps of a Poisson process.
  double Exponential() { return -std::log1p(-Unit()); }

 private:
  static uint64_t SplitMix(uint64_t& state) {
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  std::array<uint64_t, 4> state_;
};

}  // namespace pando::bench
