#include "net/loop_group.h"

#include <gtest/gtest.h>

#include <csignal>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>

#include "net/signals.h"

namespace pando::net {
namespace {

TEST(LoopGroupTest, RunsPostedWorkOnEachLoopInAThreadOfItsOwn) {
  LoopGroup loops(3);
  std::promise<std::thread::id> threads[3];
  loops.PostToEach([&](size_t index) { threads[index].set_value(std::this_thread::get_id()); });
  loops.Start();
  std::set<std::thread::id> ids;
  for (auto& thread : threads) ids.insert(thread.get_future().get());
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_FALSE(ids.contains(std::this_thread::get_id()));
}

TEST(LoopGroupTest, GoesOnAfterWorkThatThrows) {
  LoopGroup loops(1);
  loops.Start();
  std::promise<void> ran;
  loops.Post(0, [] { throw std::runtime_error("on purpose"); });
  loops.Post(0, [&] { ran.set_value(); });
  ran.get_future().get();
}

TEST(LoopGroupTest, StopsWhileWorkWaits) {
  LoopGroup loops(2);
  loops.Start();
  loops.Stop();
  loops.Join();
  bool ran = false;
  loops.Post(0, [&] { ran = true; });
  EXPECT_FALSE(ran);
}

TEST(LoopGroupTest, LagShowsThatALoopWasHeld) {
  LoopGroup loops(1);
  loops.Start();
  const milliseconds held(600);  // longer than the probe's period
  loops.Post(0, [held] { std::this_thread::sleep_for(held); });
  const Deadline limit = Deadline::After(std::chrono::seconds(60));
  while (loops.lag(0) < milliseconds(50) && !limit.passed()) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_GE(loops.lag(0), milliseconds(50));
}

TEST(SignalsTest, TellsEachSignalByItsNumber) {
  LoopGroup loops(1);
  loops.Start();
  std::promise<int> first;
  std::promise<int> second;
  int seen = 0;
  std::unique_ptr<Signals> signals;
  std::promise<void> ready;
  loops.Post(0, [&] {
    signals = std::make_unique<Signals>(loops.executor(0),
                                        [&](int number) { (seen++ == 0 ? first : second).set_value(number); });
    ready.set_value();
  });
  ready.get_future().get();
  std::raise(SIGHUP);
  EXPECT_EQ(first.get_future().get(), SIGHUP);
  std::raise(SIGUSR1);
  EXPECT_EQ(second.get_future().get(), SIGUSR1);
  std::promise<void> closed;
  loops.Post(0, [&] {
    signals->Close();
    signals.reset();
    closed.set_value();
  });
  closed.get_future().get();
}

}  // namespace
}  // namespace pando::net
