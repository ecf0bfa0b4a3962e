#include "net/spawn.h"

#include <gtest/gtest.h>

#include <boost/asio/this_coro.hpp>

#include <stdexcept>

#include "net/sleep.h"

namespace pando::net {
namespace {

Task<void> SleepTwice(int& cancelled) {
  for (int i = 0; i < 2; ++i) {
    const Result<void> slept = co_await SleepUntil(Deadline::Never());
    if (!slept && slept.error().id() == ErrorId::kRequestCancelled) ++cancelled;
    if (!slept) co_return;
  }
}

Task<void> Fail(int& started) {
  ++started;
  throw std::runtime_error("on purpose");
  co_return;
}

Task<void> KeepAwaitingAfterCancellation(bool& reached_end) {
  const Result<void> first = co_await SleepUntil(Deadline::Never());
  const Result<void> second = co_await SleepFor(milliseconds(1));
  reached_end = !first && second.has_value();
}

Task<void> JoinAll(TaskGroup& group, bool& joined) {
  co_await group.Join();
  joined = true;
}

class TaskGroupTest : public testing::Test {
 protected:
  void Spawn(Task<void> task) { group_.Spawn("test", std::move(task)); }

  boost::asio::io_context context_;
  TaskGroup group_{context_.get_executor()};
};

TEST_F(TaskGroupTest, CancelEndsTheWaitsOfAllItsTasks) {
  int cancelled = 0;
  Spawn(SleepTwice(cancelled));
  Spawn(SleepTwice(cancelled));
  context_.poll();
  EXPECT_EQ(group_.size(), 2u);
  group_.Cancel();
  context_.run();
  EXPECT_EQ(cancelled, 2);
  EXPECT_TRUE(group_.empty());
}

TEST_F(TaskGroupTest, JoinReturnsWhenTheLastTaskHasEnded) {
  int cancelled = 0;
  bool joined = false;
  TaskGroup others(context_.get_executor());
  Spawn(SleepTwice(cancelled));
  others.Spawn("join", JoinAll(group_, joined));
  context_.poll();
  EXPECT_FALSE(joined);
  group_.Cancel();
  context_.run();
  EXPECT_TRUE(joined);
}

TEST_F(TaskGroupTest, AnEscapedExceptionEndsItsTaskOnly) {
  int started = 0;
  int cancelled = 0;
  Spawn(Fail(started));
  Spawn(SleepTwice(cancelled));
  context_.poll();
  EXPECT_EQ(started, 1);
  EXPECT_EQ(group_.size(), 1u);
  group_.Cancel();
  context_.run();
}

TEST_F(TaskGroupTest, ACancelledTaskMayAwaitAgainWithoutAnException) {
  bool reached_end = false;
  Spawn(KeepAwaitingAfterCancellation(reached_end));
  context_.poll();
  group_.Cancel();
  context_.run();
  EXPECT_TRUE(reached_end);
}

}  // namespace
}  // namespace pando::net
