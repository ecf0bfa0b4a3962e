#include "cache/purge_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::cache {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::chrono::seconds kAgain(2);
constexpr Clock::time_point kNow{std::chrono::hours(1)};

TEST(PurgeQueue, TellsEachTagAtOnceAndOnceMoreLater) {
  PurgeQueue queue(kAgain);
  EXPECT_EQ(queue.due(), std::nullopt);
  queue.Add({7, 8, 7}, kNow);

  EXPECT_LE(queue.due(), kNow);
  EXPECT_THAT(queue.Take(10, kNow), ElementsAre(7, 8));
  EXPECT_EQ(queue.due(), kNow + kAgain);
  EXPECT_THAT(queue.Take(10, kNow + kAgain - milliseconds(1)), IsEmpty());
  EXPECT_THAT(queue.Take(10, kNow + kAgain), ElementsAre(7, 8));
  EXPECT_EQ(queue.due(), std::nullopt);
}

TEST(PurgeQueue, HandsOutAsManyAsAreAskedFor) {
  PurgeQueue queue(kAgain);
  queue.Add({1, 2, 3}, kNow);

  EXPECT_THAT(queue.Take(2, kNow), ElementsAre(1, 2));
  EXPECT_THAT(queue.Take(2, kNow), ElementsAre(3));
}

TEST(PurgeQueue, WhatChangesAgainBeforeItIsToldIsToldOnce) {
  PurgeQueue queue(kAgain);
  queue.Add({1}, kNow);
  queue.Add({2, 1}, kNow + milliseconds(1));

  EXPECT_THAT(queue.Take(10, kNow + milliseconds(2)), ElementsAre(1, 2));
  EXPECT_THAT(queue.Take(10, kNow + 2 * kAgain), ElementsAre(1, 2));
}

TEST(PurgeQueue, EverythingStandsForTheRest) {
  PurgeQueue queue(kAgain);
  queue.Add({1, kEverything, 2}, kNow);
  queue.Add({3}, kNow);

  EXPECT_THAT(queue.Take(10, kNow), ElementsAre(kEverything));
  queue.Add({4}, kNow);
  EXPECT_THAT(queue.Take(10, kNow), ElementsAre(4));
  EXPECT_THAT(queue.Take(10, kNow + kAgain), ElementsAre(kEverything));
  EXPECT_EQ(queue.due(), std::nullopt);
}

TEST(PurgeQueue, MoreThanItHoldsIsEverything) {
  PurgeQueue queue(kAgain);
  std::vector<Tag> tags;
  for (Tag tag = 1; tag <= PurgeQueue::kTagsMax; ++tag) tags.push_back(tag);
  queue.Add(tags, kNow);
  EXPECT_EQ(queue.Take(3, kNow).size(), 3u);
  queue.Add({kEverything - 1, kEverything - 2, kEverything - 3, kEverything - 4}, kNow);

  EXPECT_THAT(queue.Take(10, kNow), ElementsAre(kEverything));
  EXPECT_THAT(queue.Take(10, kNow + kAgain), ElementsAre(kEverything)) << "those that were to be told again as well";
}

TEST(PurgeQueue, PutsNothingOffWhileMuchChanges) {
  PurgeQueue queue(kAgain);
  Clock::time_point now = kNow;
  Tag next = 1;
  size_t times_all = 0;
  for (int step = 0; step < 40; ++step, now += milliseconds(500)) {
    std::vector<Tag> tags;
    for (size_t i = 0; i < PurgeQueue::kTagsMax / 2; ++i) tags.push_back(next++);
    queue.Add(tags, now);
    for (std::vector<Tag> due = queue.Take(1000, now); !due.empty(); due = queue.Take(1000, now)) {
      if (due.front() == kEverything) ++times_all;
    }
  }
  EXPECT_GE(times_all, 4u) << "ten times it was due again";
}

}  // namespace
}  // namespace pando::cache
