#include "bench/histogram.h"

#include <cmath>
#include <limits>

namespace pando::bench {

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  max_ = std::max(max_, other.max_);
}

double Histogram::SpanOf(size_t bucket) {
  if (bucket < kLinear) return static_cast<double>(bucket);
  const uint64_t beyond = bucket - kLinear;
  const uint64_t shift = beyond / kHalf + 1;
  const uint64_t low = (beyond % kHalf + kHalf) << shift;
  return static_cast<double>(low) + static_cast<double>(uint64_t{1} << shift) / 2;
}

double Histogram::Quantile(double quantile, uint64_t failed) const {
  const uint64_t total = count_ + failed;
  const double wanted = std::ceil(quantile * static_cast<double>(total));
  const uint64_t rank = std::max<uint64_t>(static_cast<uint64_t>(wanted), 1);
  if (rank > count_) return std::numeric_limits<double>::infinity();
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(SpanOf(i), static_cast<double>(max_));
  }
  return static_cast<double>(max_);
}

}  // namespace pando::bench
