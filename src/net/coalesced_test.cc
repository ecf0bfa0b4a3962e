#include "net/coalesced.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "net/event.h"
#include "net/test_loop.h"

namespace pando::net {
namespace {

class CoalescedTest : public testing::Test {
 protected:
  // The pause after a failure is longer than any test.
  static constexpr Coalesced::Options kPatient{milliseconds(60'000), milliseconds(60'000)};

  ~CoalescedTest() override {
    task_.Stop();
    tasks_.Cancel();
    loop_.Run(tasks_.Join());
  }

  Task<Result<void>> Run() {
    ++begun_;
    const std::shared_ptr<Event> gate = gate_;
    const Result<void> outcome = fails_ ? Result<void>(Error(ErrorId::kInternalBug, "it failed")) : Result<void>();
    if (gate) {
      PANDO_CO_CHECK(co_await gate->Wait(Deadline::Never()));
    }
    co_return outcome;
  }

  test::TestLoop loop_;
  TaskGroup tasks_{loop_.executor()};
  Coalesced task_{loop_.executor(), tasks_, "test", [this] { return Run(); }, kPatient};
  std::shared_ptr<Event> gate_;  // runs end when it is set; null: at once
  bool fails_ = false;
  int begun_ = 0;
};

TEST_F(CoalescedTest, RunsOnceForEachRequestThatFindsItIdle) {
  for (int i = 1; i <= 2; ++i) {
    task_.Request();
    EXPECT_TRUE(task_.is_running());
    loop_.Poll();
    EXPECT_EQ(begun_, i);
    EXPECT_FALSE(task_.is_running());
  }
}

TEST_F(CoalescedTest, RunsOnceMoreForAllRequestsWhileItRuns) {
  gate_ = std::make_shared<Event>();
  task_.Request();
  loop_.Poll();
  for (int i = 0; i < 5; ++i) task_.Request();
  gate_->Set();
  loop_.Poll();
  EXPECT_EQ(begun_, 2);
  EXPECT_FALSE(task_.is_running());
}

TEST_F(CoalescedTest, TriesAgainAfterAPauseThatARequestMayEnd) {
  fails_ = true;
  task_.Request();
  loop_.Poll();
  EXPECT_EQ(begun_, 1);
  EXPECT_TRUE(task_.is_running());
  task_.Request();
  loop_.Poll();
  EXPECT_EQ(begun_, 1);
  fails_ = false;
  task_.RequestAtOnce();
  loop_.Poll();
  EXPECT_EQ(begun_, 2);
  EXPECT_FALSE(task_.is_running());
}

TEST_F(CoalescedTest, BeginsNoRunOnceItIsStopped) {
  gate_ = std::make_shared<Event>();
  task_.Request();
  loop_.Poll();
  task_.Request();
  task_.Stop();
  gate_->Set();
  loop_.Poll();
  task_.Request();
  loop_.Poll();
  EXPECT_EQ(begun_, 1);
}

}  // namespace
}  // namespace pando::net
