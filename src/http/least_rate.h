// A LeastRate says until when a peer must have moved its next bytes: `bytes_per_second` times `grace` in each `grace`.
// What a peer moves faster earns no pause later.
//
// Concurrency  single-owner
#pragma once

#include <chrono>
#include <cstdint>

#include "base/deadline.h"

namespace pando::http {

class LeastRate {
 public:
  // No least rate when `bytes_per_second` is 0.
  LeastRate(uint64_t bytes_per_second, milliseconds grace, Clock::time_point now)
      : grace_(grace),
        bytes_each_(bytes_per_second * static_cast<uint64_t>(grace.count()) / 1000),
        is_on_(bytes_per_second > 0),
        begin_(now) {}

  void Note(uint64_t bytes, Clock::time_point now) {
    moved_ += bytes;
    if (moved_ < bytes_each_) return;
    begin_ = now;
    moved_ = 0;
  }
  Clock::time_point deadline() const { return is_on_ ? begin_ + grace_ : Clock::time_point::max(); }

 private:
  milliseconds grace_;
  uint64_t bytes_each_;
  bool is_on_;
  Clock::time_point begin_;
  uint64_t moved_ = 0;  // since begin_
};

}  // namespace pando::http
