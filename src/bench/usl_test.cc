#include "bench/usl.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "bench/random.h"

namespace pando::bench {
namespace {

UslFit Law(double rate_one, double contention, double coherency) {
  UslFit law;
  law.rate_one = rate_one;
  law.contention = contention;
  law.coherency = coherency;
  return law;
}

std::vector<UslSample> SamplesOf(const UslFit& law, double noise = 0) {
  Random random(1);
  std::vector<UslSample> samples;
  for (const double n : {0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0}) {
    samples.push_back({n, law.RateAt(n) * (1 + noise * (2 * random.Unit() - 1))});
  }
  return samples;
}

TEST(UslTest, FindsTheLawBehindTheSamples) {
  const UslFit fit = FitUsl(SamplesOf(Law(1000, 0.05, 0.0004))).value();
  EXPECT_NEAR(fit.rate_one, 1000, 1e-3);
  EXPECT_NEAR(fit.contention, 0.05, 1e-6);
  EXPECT_NEAR(fit.coherency, 0.0004, 1e-8);
  EXPECT_NEAR(fit.determination, 1, 1e-9);
  EXPECT_NEAR(fit.PeakInFlight(), std::sqrt(0.95 / 0.0004), 0.01);
}

TEST(UslTest, BearsNoise) {
  const UslFit fit = FitUsl(SamplesOf(Law(1000, 0.05, 0.0004), 0.03)).value();
  EXPECT_NEAR(fit.rate_one, 1000, 50);
  EXPECT_NEAR(fit.contention, 0.05, 0.02);
  EXPECT_GT(fit.determination, 0.98);
}

TEST(UslTest, NoiseAroundNoContentionIsNotNegative) {
  const UslFit fit = FitUsl(SamplesOf(Law(1000, 0, 0), 0.02)).value();
  EXPECT_GE(fit.contention, 0);
  EXPECT_GE(fit.coherency, 0);
  EXPECT_LT(fit.contention, 0.01);
}

TEST(UslTest, WithoutCoherencyThereIsNoPeak) { EXPECT_TRUE(std::isinf(Law(1, 0.1, 0).PeakInFlight())); }

TEST(UslTest, TooFewSamplesFitNothing) {
  EXPECT_FALSE(FitUsl({}).has_value());
  const std::vector<UslSample> same(8, UslSample{4, 100});
  EXPECT_FALSE(FitUsl(std::vector<UslSample>{{1, 10}, {2, 20}, {3, 30}, {0, 5}}).has_value());
  EXPECT_FALSE(FitUsl(same).has_value());
}

}  // namespace
}  // namespace pando::bench
