// A Histogram counts spans of time in log-linear buckets (as HdrHistogram does): 1,024 for each doubling, so that a
// percentile is right to 0.05 %, three significant digits, from a nanosecond to 73 minutes.
//
// Concurrency  single-owner: each thread records into its own, and they are merged at the end
// Bounds       264 KiB, whatever is recorded; longer spans count as the longest
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pando::bench {

class Histogram {
 public:
  Histogram() : counts_(kBuckets) {}

  // Negative spans count as zero.
  void Record(int64_t span_ns) {
    const uint64_t span = std::min(static_cast<uint64_t>(std::max<int64_t>(span_ns, 0)), kSpanMax);
    ++counts_[BucketOf(span)];
    ++count_;
    sum_ns_ += static_cast<double>(span);
    max_ = std::max(max_, span);
  }

  // Adds what the other one recorded.
  void Merge(const Histogram& other);

  // The span that a share of `quantile` (0 to 1) of everything does not exceed, in nanoseconds. `failed` are further
  // events that lie beyond every span: where the quantile falls among them, and where there is nothing at all, the
  // answer is infinite.
  double Quantile(double quantile, uint64_t failed = 0) const;

  uint64_t count() const { return count_; }
  double mean_ns() const { return count_ == 0 ? 0 : sum_ns_ / static_cast<double>(count_); }
  uint64_t max_ns() const { return max_; }

 private:
  static constexpr int kLinearBits = 11;  // spans below 2^11 have a bucket each
  static constexpr int kSpanBits = 42;
  static constexpr uint64_t kLinear = uint64_t{1} << kLinearBits;
  static constexpr uint64_t kHalf = kLinear / 2;
  static constexpr uint64_t kSpanMax = (uint64_t{1} << kSpanBits) - 1;
  static constexpr size_t kBuckets = kLinear + kHalf * (kSpanBits - kLinearBits);

  static size_t BucketOf(uint64_t span) {
    if (span < kLinear) return span;
    const int shift = static_cast<int>(std::bit_width(span)) - kLinearBits;
    return kLinear + static_cast<uint64_t>(shift - 1) * kHalf + ((span >> shift) - kHalf);
  }
  // The middle of a bucket.
  static double SpanOf(size_t bucket);

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  double sum_ns_ = 0;
  uint64_t max_ = 0;
};

}  // namespace pando::bench
