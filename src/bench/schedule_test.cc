#include "bench/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace pando::bench {
namespace {

using std::chrono::seconds;

Phase MakePhase(double rate, double rate_to, std::chrono::nanoseconds duration) {
  Phase phase;
  phase.rate = rate;
  phase.rate_to = rate_to;
  phase.duration = duration;
  return phase;
}

std::vector<int64_t> Instants(const std::vector<Phase>& phases, Arrivals arrivals, uint32_t shares = 1,
                              uint64_t seed = 1) {
  std::vector<int64_t> instants;
  for (uint32_t i = 0; i < shares; ++i) {
    ArrivalStream stream(phases, arrivals, seed, {i, shares});
    for (int64_t at = stream.Next(); at != ArrivalStream::kEnd; at = stream.Next()) instants.push_back(at);
  }
  std::sort(instants.begin(), instants.end());
  return instants;
}

size_t CountBetween(const std::vector<int64_t>& instants, double from_s, double to_s) {
  return static_cast<size_t>(std::count_if(instants.begin(), instants.end(), [&](int64_t at) {
    return static_cast<double>(at) >= from_s * 1e9 && static_cast<double>(at) < to_s * 1e9;
  }));
}

TEST(ScheduleTest, ConstantArrivalsAreEvenlySpaced) {
  const std::vector<int64_t> instants = Instants({MakePhase(1000, 1000, seconds(1))}, Arrivals::kConstant);
  ASSERT_EQ(instants.size(), 1000u);
  for (size_t i = 0; i < instants.size(); ++i) EXPECT_EQ(instants[i], static_cast<int64_t>(i) * 1'000'000);
}

TEST(ScheduleTest, ThreadsShareConstantArrivalsInTurn) {
  const std::vector<Phase> phases = {MakePhase(1000, 1000, seconds(1)), MakePhase(500, 2000, seconds(2))};
  EXPECT_EQ(Instants(phases, Arrivals::kConstant, 3), Instants(phases, Arrivals::kConstant, 1));
}

TEST(ScheduleTest, ARampChangesItsRateEvenly) {
  const std::vector<int64_t> instants = Instants({MakePhase(0, 1000, seconds(10))}, Arrivals::kConstant);
  EXPECT_NEAR(static_cast<double>(instants.size()), 5000, 1);
  EXPECT_NEAR(static_cast<double>(CountBetween(instants, 0, 5)), 1250, 1);
  EXPECT_NEAR(static_cast<double>(CountBetween(instants, 9, 10)), 950, 1);
}

TEST(ScheduleTest, ASpikeIsAShortPlateauBetweenOthers) {
  const std::vector<Phase> phases = {MakePhase(100, 100, seconds(2)), MakePhase(2000, 2000, seconds(1)),
                                     MakePhase(100, 100, seconds(2))};
  const std::vector<int64_t> instants = Instants(phases, Arrivals::kConstant);
  EXPECT_EQ(CountBetween(instants, 0, 2), 200u);
  EXPECT_EQ(CountBetween(instants, 2, 3), 2000u);
  EXPECT_EQ(CountBetween(instants, 3, 5), 200u);
}

TEST(ScheduleTest, NothingIsDueWhileTheRateIsZero) {
  const std::vector<Phase> phases = {MakePhase(0, 0, seconds(1)), MakePhase(100, 100, seconds(1))};
  for (const Arrivals arrivals : {Arrivals::kConstant, Arrivals::kPoisson}) {
    EXPECT_EQ(CountBetween(Instants(phases, arrivals), 0, 1), 0u);
    EXPECT_GT(CountBetween(Instants(phases, arrivals), 1, 2), 50u);
  }
}

TEST(ScheduleTest, PoissonGapsAreExponential) {
  const std::vector<int64_t> instants = Instants({MakePhase(1000, 1000, seconds(200))}, Arrivals::kPoisson, 4);
  double sum = 0, squares = 0;
  for (size_t i = 1; i < instants.size(); ++i) {
    const double gap_ms = static_cast<double>(instants[i] - instants[i - 1]) / 1e6;
    sum += gap_ms;
    squares += gap_ms * gap_ms;
  }
  const auto count = static_cast<double>(instants.size() - 1);
  EXPECT_NEAR(count, 200'000, 2000);
  EXPECT_NEAR(sum / count, 1, 0.01);
  // The standard deviation of an exponential distribution is its mean.
  EXPECT_NEAR(std::sqrt(squares / count - std::pow(sum / count, 2)), 1, 0.02);
}

TEST(ScheduleTest, TheSeedDecidesOnEverything) {
  const std::vector<Phase> phases = {MakePhase(100, 500, seconds(3))};
  EXPECT_EQ(Instants(phases, Arrivals::kPoisson, 2, 5), Instants(phases, Arrivals::kPoisson, 2, 5));
  EXPECT_NE(Instants(phases, Arrivals::kPoisson, 2, 5), Instants(phases, Arrivals::kPoisson, 2, 6));
}

TEST(ScheduleTest, TellsThePhaseOfEachInstant) {
  const std::vector<Phase> phases = {MakePhase(10, 10, seconds(1)), MakePhase(20, 20, seconds(1))};
  ArrivalStream stream(phases, Arrivals::kConstant, 1, {});
  for (int i = 0; i < 30; ++i) {
    const int64_t at = stream.Next();
    EXPECT_EQ(stream.phase(), at < 1'000'000'000 ? 0u : 1u);
  }
  EXPECT_EQ(stream.Next(), ArrivalStream::kEnd);
  EXPECT_EQ(stream.Next(), ArrivalStream::kEnd);
}

}  // namespace
}  // namespace pando::bench
