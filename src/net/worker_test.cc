#include "net/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "net/sleep.h"
#include "net/spawn.h"

namespace pando::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A loop for the callers, which the test drives, and one for the Worker with a thread of its own.
class WorkerTest : public testing::Test {
 protected:
  ~WorkerTest() override {
    guard_.reset();
    thread_.join();
    EXPECT_TRUE(group_.empty());
  }

  static Task<void> Note(Worker& worker, std::function<int()> work, Deadline deadline, std::vector<std::string>& ends) {
    const Result<int> made = co_await worker.Run(std::move(work), deadline);
    ends.push_back(made ? std::to_string(*made) : std::string(made.error().code()));
  }
  void Begin(std::function<int()> work, Deadline deadline = Deadline::Never()) {
    group_.Spawn("test", Note(worker_, std::move(work), deadline, ends_));
  }
  // Keeps the Worker's thread until Release().
  void Occupy() {
    Begin([this] {
      released_.get_future().wait();
      return 0;
    });
  }
  void Release() { released_.set_value(); }
  void Run() {
    context_.restart();
    context_.run();
  }

  boost::asio::io_context context_, worker_context_;
  boost::asio::executor_work_guard<Executor> guard_{worker_context_.get_executor()};
  std::thread thread_{[this] { worker_context_.run(); }};
  Worker worker_{worker_context_.get_executor(), 2};
  TaskGroup group_{context_.get_executor()};
  std::promise<void> released_;
  std::vector<std::string> ends_;
};

TEST_F(WorkerTest, RunsOnItsThreadAndResumesTheCallerOnHisOwn) {
  std::thread::id ran_on;
  Begin([&ran_on] {
    ran_on = std::this_thread::get_id();
    return 7;
  });
  Run();
  EXPECT_THAT(ends_, ElementsAre("7"));
  EXPECT_EQ(ran_on, thread_.get_id());
  EXPECT_EQ(worker_.waiting(), 0u);
}

TEST_F(WorkerTest, RefusesAtOnceWhenTooManyWait) {
  Occupy();
  Begin([] { return 1; });
  Begin([] { return 2; });
  context_.poll();
  EXPECT_THAT(ends_, ElementsAre(RowOf(ErrorId::kHttpOverloaded).code));
  Release();
  Run();
  EXPECT_EQ(ends_.size(), 3u);
}

TEST_F(WorkerTest, ACallerWhoseDeadlinePassesLeavesAndHisWorkIsNotBegun) {
  bool begun = false;
  Occupy();
  Begin(
      [&begun] {
        begun = true;
        return 1;
      },
      Deadline::After(milliseconds(5)));
  context_.restart();
  while (ends_.empty()) context_.run_one();
  EXPECT_THAT(ends_, ElementsAre(RowOf(ErrorId::kRequestDeadline).code));
  Release();
  Run();
  // The caller has left, so that nothing of his loop waits for the worker to get there.
  while (worker_.waiting() > 0) std::this_thread::yield();
  EXPECT_FALSE(begun);
}

TEST_F(WorkerTest, ACallerWhoIsCancelledLeavesAtOnceWhileHisWorkRuns) {
  Occupy();
  context_.poll();
  group_.Cancel();
  Run();
  EXPECT_THAT(ends_, ElementsAre(RowOf(ErrorId::kRequestCancelled).code));
  Release();
}

TEST_F(WorkerTest, CallersWhoLeaveAtAnyMomentDoNoHarm) {
  Worker many(worker_context_.get_executor(), 1000);
  for (int round = 0; round < 300; ++round) {
    TaskGroup callers(context_.get_executor());
    const auto work = [round] {
      std::this_thread::sleep_for(std::chrono::microseconds(round % 50));
      return 1;
    };
    for (int i = 0; i < 3; ++i)
      callers.Spawn("test", Note(many, work, Deadline::After(milliseconds(round % 3)), ends_));
    context_.restart();
    if (round % 2) context_.poll();
    callers.Cancel();
    Run();
  }
  EXPECT_EQ(ends_.size(), 900u);
}

TEST_F(WorkerTest, AnExceptionComesOutAtTheCaller) {
  static const auto expect = [](Worker& worker) -> Task<void> {
    std::function<int()> fails = []() -> int { throw std::runtime_error("on purpose"); };
    try {
      const Result<int> made = co_await worker.Run(std::move(fails), Deadline::Never());
      ADD_FAILURE() << made.has_value();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "on purpose");
    }
  };
  group_.Spawn("test", expect(worker_));
  Run();
  EXPECT_THAT(ends_, IsEmpty());
}

}  // namespace
}  // namespace pando::net
