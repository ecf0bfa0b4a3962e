#include "net/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "net/sleep.h"
#include "net/spawn.h"

namespace pando::net {
namespace {

using testing::ElementsAre;

class EventTest : public testing::Test {
 protected:
  ~EventTest() override { EXPECT_TRUE(group_.empty()); }

  static Task<void> Wait(Event& event, Deadline deadline, std::vector<std::string>& ends) {
    const Result<void> waited = co_await event.Wait(deadline);
    ends.push_back(waited ? "set" : std::string(waited.error().code()));
  }
  static Task<void> SetLater(Event& event, milliseconds after) {
    const Result<void> slept = co_await SleepFor(after);
    EXPECT_TRUE(slept);
    event.Set();
  }
  void Begin(Deadline deadline) { group_.Spawn("test", Wait(event_, deadline, ends_)); }

  boost::asio::io_context context_;
  TaskGroup group_{context_.get_executor()};
  Event event_;
  std::vector<std::string> ends_;
};

TEST_F(EventTest, WakesAllWhoWaitAndThoseWhoComeLater) {
  for (int i = 0; i < 2; ++i) Begin(Deadline::Never());
  group_.Spawn("test", SetLater(event_, milliseconds(1)));
  context_.run();
  Begin(Deadline::Never());
  context_.restart();
  context_.run();
  EXPECT_THAT(ends_, ElementsAre("set", "set", "set"));
}

TEST_F(EventTest, WaitsNoLongerThanItMay) {
  Begin(Deadline::After(milliseconds(1)));
  Begin(Deadline::Never());
  group_.Spawn("test", SetLater(event_, milliseconds(20)));
  context_.run();
  EXPECT_THAT(ends_, ElementsAre(RowOf(ErrorId::kRequestDeadline).code, "set"));
}

TEST_F(EventTest, WhoIsCancelledLeavesTheOthersWaiting) {
  Begin(Deadline::Never());
  context_.poll();
  group_.Cancel();
  context_.restart();
  context_.run();
  EXPECT_THAT(ends_, ElementsAre(RowOf(ErrorId::kRequestCancelled).code));
  event_.Set();
}

}  // namespace
}  // namespace pando::net
