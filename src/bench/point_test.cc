#include "bench/point.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bench/random.h"

namespace pando::bench {
namespace {

constexpr int64_t kMs = 1'000'000;

Phase TenSeconds() {
  Phase phase;
  phase.name = "plateau";
  phase.rate = phase.rate_to = 100;
  phase.duration = std::chrono::seconds(10);
  return phase;
}

// A thousand requests of 5 ms each, all in order.
Tally Good() {
  Tally tally(1);
  for (int i = 0; i < 1000; ++i) {
    ++tally.due;
    tally.response.Record(5 * kMs);
    tally.service.Record(4 * kMs);
    tally.lag.Record(kMs / 10);
    tally.kinds[0].response.Record(5 * kMs);
    Slice& slice = tally.slices[static_cast<size_t>(i) * Tally::kSlices / 1000];
    slice.in_system_ns += 5 * kMs;
    ++slice.due;
    ++slice.within_slo;
  }
  tally.answered = tally.completed = 1000;
  tally.service_ns = tally.in_flight_ns = 4e9;
  tally.cpu_seconds = 0.01;
  return tally;
}

Point Make(const Tally& tally) { return MakePoint(TenSeconds(), tally, {"GET /"}); }

TEST(PointTest, HasRatesAndLatencies) {
  const Point point = Make(Good());
  EXPECT_DOUBLE_EQ(point.offered, 100);
  EXPECT_DOUBLE_EQ(point.achieved, 100);
  EXPECT_NEAR(point.response.p99, 5, 0.01);
  EXPECT_NEAR(point.service.p99, 4, 0.01);
  EXPECT_NEAR(point.in_flight, 0.4, 1e-9);
  EXPECT_NEAR(point.cpu_us, 10, 1e-9);
  EXPECT_FALSE(point.is_saturated());
  EXPECT_FALSE(point.is_void());
  EXPECT_TRUE(point.stationary);
  EXPECT_EQ(point.settled_after_seconds, 0);
}

TEST(PointTest, FailuresAreInfinitelyLate) {
  Tally tally = Good();
  tally.due += 20;
  tally.failures[static_cast<size_t>(Failure::kUnsent)] = 20;
  const Point point = Make(tally);
  EXPECT_TRUE(std::isinf(point.response.p99));
  EXPECT_TRUE(std::isinf(point.response.max));
  EXPECT_FALSE(std::isinf(point.response.p90));
  EXPECT_FALSE(std::isinf(point.service.max));
  EXPECT_NEAR(point.failed_share(), 20.0 / 1020, 1e-9);
}

TEST(PointTest, LessComingBackThanGoingOutIsSaturation) {
  Tally tally = Good();
  tally.answered = 979;
  EXPECT_TRUE(Make(tally).is_saturated());
  tally.answered = 981;
  EXPECT_FALSE(Make(tally).is_saturated());
}

TEST(PointTest, AGeneratorThatWasLateMakesItVoid) {
  Tally tally = Good();
  for (int i = 0; i < 30; ++i) tally.lag.Record(kMs);
  EXPECT_TRUE(Make(tally).is_void());
}

TEST(PointTest, AQueueThatGrowsIsNotStationary) {
  Tally tally = Good();
  for (size_t i = 0; i < Tally::kSlices; ++i) tally.slices[i].in_system_ns = 1e8 * static_cast<double>(10 + i);
  const Point point = Make(tally);
  EXPECT_FALSE(point.stationary);
  EXPECT_GT(point.drift, 0.5);
}

TEST(PointTest, ARampIsMeantToGrow) {
  Tally tally = Good();
  for (size_t i = 0; i < Tally::kSlices; ++i) tally.slices[i].in_system_ns = 1e8 * static_cast<double>(10 + i);
  Phase ramp = TenSeconds();
  ramp.rate_to = 200;
  EXPECT_TRUE(MakePoint(ramp, tally, {"GET /"}).stationary);
}

TEST(PointTest, NoiseIsNoDrift) {
  Tally tally = Good();
  Random random(1);
  for (Slice& slice : tally.slices) slice.in_system_ns = 1e8 * (1 + random.Unit());
  EXPECT_TRUE(Make(tally).stationary);
}

TEST(PointTest, LittlesLawIsHeldAgainstTheClock) {
  Tally tally = Good();
  tally.in_flight_ns = 5e9;
  EXPECT_NEAR(Make(tally).little_error, 0.2, 1e-9);
}

TEST(PointTest, TellsWhenThePromiseWasKeptAgain) {
  Tally tally = Good();
  for (size_t i = 0; i < 4; ++i) tally.slices[i].within_slo = 0;
  EXPECT_DOUBLE_EQ(Make(tally).settled_after_seconds, 2);
  tally.slices.back().within_slo = 0;
  EXPECT_TRUE(std::isinf(Make(tally).settled_after_seconds));
}

TEST(PointTest, MergedTalliesAreOnePoint) {
  Tally tally = Good();
  tally.Merge(Good());
  const Point point = Make(tally);
  EXPECT_EQ(point.due, 2000u);
  EXPECT_DOUBLE_EQ(point.achieved, 200);
  EXPECT_NEAR(point.in_flight, 0.8, 1e-9);
  EXPECT_EQ(point.kinds[0].answered, 2000u);
}

}  // namespace
}  // namespace pando::bench
