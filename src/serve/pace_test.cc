#include "serve/pace.h"

#include <gtest/gtest.h>

namespace pando::serve {
namespace {

using namespace std::chrono_literals;

class PaceTest : public testing::Test {
 protected:
  void RunAlone(uint32_t times, Clock::duration took, size_t bytes = 100) {
    for (uint32_t i = 0; i < times; ++i) pace_.RanAlone(took, bytes);
  }
  bool MayShare() const { return pace_.MayShare(now_); }

  Pace pace_;
  Clock::time_point now_ = Clock::time_point() + 1h;
};

TEST_F(PaceTest, TrustsNothingThatItHasNotSeenOften) {
  EXPECT_FALSE(MayShare());
  RunAlone(Pace::kRunsToTrust - 1, 1ms);
  EXPECT_FALSE(MayShare());
  RunAlone(1, 1ms);
  EXPECT_TRUE(MayShare());
}

TEST_F(PaceTest, OneQuickRunTellsWhatTheOthersWaitedFor) {
  RunAlone(Pace::kRunsToTrust - 1, 40ms);
  RunAlone(1, 1ms);
  EXPECT_TRUE(MayShare());
}

TEST_F(PaceTest, WhatIsNeverQuickStaysAlone) {
  RunAlone(100, 3ms);
  EXPECT_FALSE(MayShare());
}

TEST_F(PaceTest, OneSlowRunOrLongAnswerBeginsTheCountAnew) {
  RunAlone(Pace::kRunsToTrust - 1, 1ms);
  RunAlone(1, 60ms);
  RunAlone(Pace::kRunsToTrust - 1, 1ms);
  EXPECT_FALSE(MayShare());
  RunAlone(1, 1ms, Pace::kBytesMax + 1);
  RunAlone(Pace::kRunsToTrust - 1, 1ms);
  EXPECT_FALSE(MayShare());
  RunAlone(1, 1ms);
  EXPECT_TRUE(MayShare());
}

TEST_F(PaceTest, GoesAloneForLongerEachTimeThatItIsStopped) {
  for (const auto pause : {1s, 2s, 4s}) {
    RunAlone(Pace::kRunsToTrust, 1ms);
    EXPECT_TRUE(MayShare());
    pace_.WasStopped(now_);
    RunAlone(Pace::kRunsToTrust, 1ms);
    now_ += pause - 1ms;
    EXPECT_FALSE(MayShare());
    now_ += 1ms;
    EXPECT_TRUE(MayShare());
  }
  pace_.WasStopped(now_);
  for (int i = 0; i < 100; ++i) {
    now_ += Pace::kPauseMax;
    pace_.WasStopped(now_);
  }
  RunAlone(Pace::kRunsToTrust, 1ms);
  now_ += Pace::kPauseMax;
  EXPECT_TRUE(MayShare());
}

TEST_F(PaceTest, StopsOfOneBatchCountOnce) {
  for (int i = 0; i < 10; ++i) pace_.WasStopped(now_);
  RunAlone(Pace::kRunsToTrust, 1ms);
  now_ += Pace::kPauseMin;
  EXPECT_TRUE(MayShare());
}

TEST_F(PaceTest, LeavesOthersWhenItsPartBecomesLargeOrItsAnswerLong) {
  RunAlone(Pace::kRunsToTrust, 1ms);
  for (int i = 0; i < 8; ++i) pace_.RanTogether(20ms, 100, now_);
  EXPECT_TRUE(MayShare()) << "a hiccup of one batch";
  for (int i = 0; i < 100; ++i) pace_.RanTogether(20ms, 100, now_);
  EXPECT_FALSE(MayShare());

  now_ += Pace::kPauseMin;
  RunAlone(Pace::kRunsToTrust, 1ms);
  EXPECT_TRUE(MayShare());
  pace_.RanTogether(1ms, Pace::kBytesMax + 1, now_);
  EXPECT_FALSE(MayShare());
}

TEST_F(PaceTest, ForgivesAfterALongTimeOfGoodBehaviour) {
  pace_.WasStopped(now_);
  now_ += 1s;
  RunAlone(Pace::kRunsToTrust, 1ms);
  for (int i = 0; i < 10'000; ++i) pace_.RanTogether(1ms, 100, now_);
  pace_.WasStopped(now_);
  RunAlone(Pace::kRunsToTrust, 1ms);
  now_ += Pace::kPauseMin;
  EXPECT_TRUE(MayShare());
}

}  // namespace
}  // namespace pando::serve
