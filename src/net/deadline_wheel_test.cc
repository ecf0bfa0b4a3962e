#include "net/deadline_wheel.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>

namespace pando::net {
namespace {

struct Alarm : DeadlineWheel::Entry {
  void OnDeadline() override {
    ++rings;
    if (then) then();
  }
  int rings = 0;
  std::function<void()> then;
};

class DeadlineWheelTest : public testing::Test {
 protected:
  Clock::time_point At(int64_t ms) const { return start_ + milliseconds(ms); }

  const Clock::time_point start_{std::chrono::seconds(1000)};
  DeadlineWheel wheel_{milliseconds(10), start_};
};

TEST_F(DeadlineWheelTest, RingsOnceAndNeverEarly) {
  Alarm alarm;
  wheel_.Set(alarm, At(55));
  wheel_.Advance(At(54));
  EXPECT_EQ(alarm.rings, 0);
  wheel_.Advance(At(75));
  EXPECT_EQ(alarm.rings, 1);
  wheel_.Advance(At(10'000));
  EXPECT_EQ(alarm.rings, 1);
}

TEST_F(DeadlineWheelTest, ALaterDeadlineReplacesAnEarlierOne) {
  Alarm alarm;
  wheel_.Set(alarm, At(50));
  wheel_.Set(alarm, At(500));
  wheel_.Advance(At(499));
  EXPECT_EQ(alarm.rings, 0);
  wheel_.Advance(At(520));
  EXPECT_EQ(alarm.rings, 1);
}

TEST_F(DeadlineWheelTest, AnEarlierDeadlineReplacesALaterOne) {
  Alarm alarm;
  wheel_.Set(alarm, At(75'000));
  wheel_.Set(alarm, At(50));
  wheel_.Advance(At(70));
  EXPECT_EQ(alarm.rings, 1);
  wheel_.Advance(At(80'000));
  EXPECT_EQ(alarm.rings, 1);
}

TEST_F(DeadlineWheelTest, MeetsDeadlinesBeyondItsHorizon) {
  Alarm alarm;
  wheel_.Set(alarm, At(60'000));
  for (int64_t ms = 0; ms < 60'000; ms += 10) wheel_.Advance(At(ms));
  EXPECT_EQ(alarm.rings, 0);
  wheel_.Advance(At(60'020));
  EXPECT_EQ(alarm.rings, 1);
}

TEST_F(DeadlineWheelTest, ForgetsAnEntryWhoseDeadlineNeverPasses) {
  Alarm alarm;
  wheel_.Set(alarm, At(50));
  wheel_.Set(alarm, Clock::time_point::max());
  wheel_.Advance(At(100'000));
  EXPECT_EQ(alarm.rings, 0);
}

TEST_F(DeadlineWheelTest, AnEntryMaySetItselfAgainAndDestroyOthersWhileItRings) {
  Alarm first;
  auto second = std::make_unique<Alarm>();
  first.then = [&] {
    second.reset();
    wheel_.Set(first, At(100));
  };
  wheel_.Set(first, At(50));
  wheel_.Set(*second, At(50));
  wheel_.Advance(At(70));
  EXPECT_EQ(first.rings, 1);
  first.then = nullptr;
  wheel_.Advance(At(120));
  EXPECT_EQ(first.rings, 2);
}

TEST_F(DeadlineWheelTest, AgreesWithAPlainListOfDeadlinesOnRandomMoves) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  constexpr int kAlarms = 50;
  Alarm alarms[kAlarms];
  Clock::time_point expected[kAlarms];
  int rings[kAlarms] = {};
  std::fill(std::begin(expected), std::end(expected), Clock::time_point::max());
  int64_t now = 0;
  for (int step = 0; step < 5000; ++step) {
    const int chosen = static_cast<int>(random() % kAlarms);
    expected[chosen] = At(now + static_cast<int64_t>(random() % 20'000));
    wheel_.Set(alarms[chosen], expected[chosen]);
    now += static_cast<int64_t>(random() % 100);
    wheel_.Advance(At(now));
    for (int i = 0; i < kAlarms; ++i) {
      if (alarms[i].rings > rings[i]) {
        ASSERT_LE(expected[i], At(now)) << "rang early";
        rings[i] = alarms[i].rings;
        expected[i] = Clock::time_point::max();
      }
      ASSERT_GT(expected[i], At(now) - milliseconds(20)) << "rang late";
    }
  }
}

}  // namespace
}  // namespace pando::net
