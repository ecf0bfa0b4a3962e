#include "serve/own_writes.h"

#include <gtest/gtest.h>

#include <thread>

namespace pando::serve {
namespace {

using namespace std::chrono_literals;

TEST(OwnWritesTest, KnowsTheLastOfEachCaller) {
  OwnWrites writes;
  const Clock::time_point now = Clock::now();
  EXPECT_EQ(writes.LastBy(1), Clock::time_point::min());
  writes.Note(1, now);
  EXPECT_EQ(writes.LastBy(1), now);
  EXPECT_EQ(writes.LastBy(2), Clock::time_point::min());
  writes.Note(1, now + 1s);
  writes.Note(1, now);
  EXPECT_EQ(writes.LastBy(1), now + 1s) << "an older one that comes late";
}

TEST(OwnWritesTest, KeepsTheLastOfManyThreads) {
  OwnWrites writes;
  const Clock::time_point now = Clock::now();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 10'000; ++i) writes.Note(7, now + std::chrono::nanoseconds(i * 4 + thread));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(writes.LastBy(7), now + 39'999ns);
}

TEST(OwnWritesTest, ReadsThePositionsItWrote) {
  OwnWrites writes, others;
  const Clock::time_point now = Clock::now();
  const std::string position = writes.WritePosition(now);
  EXPECT_EQ(writes.ReadPosition(position), now);
  EXPECT_EQ(others.ReadPosition(position), std::nullopt) << "another process has another clock";
  for (const std::string& text : {std::string(), std::string("x"), position + "x", position.substr(0, 26),
                                  position.substr(0, 27), position.substr(0, 20), std::string("0/16B3748")}) {
    EXPECT_EQ(writes.ReadPosition(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace pando::serve
