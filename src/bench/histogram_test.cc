#include "bench/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "bench/random.h"

namespace pando::bench {
namespace {

constexpr double kDigits = 0.001;  // three significant ones

// Spans over six powers of ten, as latencies are.
std::vector<int64_t> Spans(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<int64_t> spans;
  for (size_t i = 0; i < count; ++i) spans.push_back(std::llround(std::pow(10, 3 + 6 * random.Unit() * random.Unit())));
  return spans;
}

double Exact(std::vector<int64_t> spans, double quantile) {
  std::sort(spans.begin(), spans.end());
  const auto rank = static_cast<size_t>(std::ceil(quantile * static_cast<double>(spans.size())));
  return static_cast<double>(spans[std::max<size_t>(rank, 1) - 1]);
}

TEST(HistogramTest, QuantilesHaveThreeDigits) {
  const std::vector<int64_t> spans = Spans(200'000, 1);
  Histogram histogram;
  double sum = 0;
  for (const int64_t span : spans) {
    histogram.Record(span);
    sum += static_cast<double>(span);
  }

  for (const double quantile : {0.0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const double exact = Exact(spans, quantile);
    EXPECT_NEAR(histogram.Quantile(quantile), exact, exact * kDigits) << quantile;
  }
  EXPECT_EQ(histogram.max_ns(), static_cast<uint64_t>(*std::max_element(spans.begin(), spans.end())));
  EXPECT_NEAR(histogram.mean_ns(), sum / static_cast<double>(spans.size()), 1);
}

TEST(HistogramTest, MergedIsAsIfRecordedTogether) {
  Histogram together, first, second;
  for (const int64_t span : Spans(1000, 2)) together.Record(span), first.Record(span);
  for (const int64_t span : Spans(5000, 3)) together.Record(span), second.Record(span);

  first.Merge(second);

  EXPECT_EQ(first.count(), together.count());
  EXPECT_EQ(first.max_ns(), together.max_ns());
  for (const double quantile : {0.1, 0.5, 0.99}) EXPECT_EQ(first.Quantile(quantile), together.Quantile(quantile));
}

TEST(HistogramTest, FailuresLieBeyondEverySpan) {
  Histogram histogram;
  for (int i = 0; i < 98; ++i) histogram.Record(1000);

  EXPECT_EQ(histogram.Quantile(0.98, 2), 1000);
  EXPECT_TRUE(std::isinf(histogram.Quantile(0.99, 2)));
  EXPECT_TRUE(std::isinf(Histogram().Quantile(0.5)));
}

TEST(HistogramTest, HoldsSpansOfEveryLength) {
  for (const int64_t span : {int64_t{0}, int64_t{1}, int64_t{2047}, int64_t{2048}, int64_t{4'000'000'000'000}}) {
    Histogram histogram;
    histogram.Record(span);
    EXPECT_NEAR(histogram.Quantile(0.5), static_cast<double>(span), static_cast<double>(span) * kDigits);
  }
  Histogram histogram;
  histogram.Record(INT64_MAX);
  histogram.Record(-5);
  EXPECT_EQ(histogram.Quantile(0), 0);
  EXPECT_GT(histogram.Quantile(1), 4e12);
}

}  // namespace
}  // namespace pando::bench
