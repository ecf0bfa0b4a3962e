// How long to wait before the next try: twice as long after each that failed.
//
// Concurrency  single-owner
#pragma once

#include <algorithm>
#include <utility>

#include "base/deadline.h"

namespace pando {

class Backoff {
 public:
  Backoff(milliseconds min, milliseconds max) : min_(min), max_(max), next_(min) {}

  milliseconds Next() { return std::exchange(next_, std::min(next_ * 2, max_)); }
  void Reset() { next_ = min_; }

 private:
  const milliseconds min_, max_;
  milliseconds next_;
};

}  // namespace pando
