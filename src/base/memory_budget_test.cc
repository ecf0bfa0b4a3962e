#include "base/memory_budget.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace pando {
namespace {

constexpr uint64_t kSmall = MemoryBudget::kSmallBytes;

TEST(MemoryBudgetTest, GivesBackWhatAChargeHeld) {
  auto budget = std::make_shared<MemoryBudget>(1 << 20);
  {
    MemoryCharge charge(budget);
    EXPECT_TRUE(charge.TryHold(500'000));
    EXPECT_TRUE(charge.TryHold(300'000));
    EXPECT_EQ(budget->used(), 300'000);
    const MemoryCharge moved = std::move(charge);
    EXPECT_EQ(budget->used(), 300'000);
  }
  EXPECT_EQ(budget->used(), 0);
}

TEST(MemoryBudgetTest, KeepsRoomForWhatIsSmall) {
  auto budget = std::make_shared<MemoryBudget>(16 * kSmall);
  MemoryCharge large(budget), other(budget), first(budget), second(budget);
  EXPECT_TRUE(large.TryHold(10 * kSmall));
  EXPECT_FALSE(other.TryHold(kSmall + 1));
  EXPECT_EQ(budget->used(), 10 * kSmall);
  EXPECT_TRUE(first.TryHold(kSmall));
  EXPECT_TRUE(second.TryHold(kSmall));
  EXPECT_TRUE(large.TryHold(kSmall)) << "less is always possible";
  EXPECT_TRUE(other.TryHold(2 * kSmall));
}

TEST(MemoryBudgetTest, LetsTheFirstInLineComeToItsEnd) {
  auto budget = std::make_shared<MemoryBudget>(16 * kSmall);
  MemoryCharge first(budget), second(budget);
  EXPECT_TRUE(first.TryHold(5 * kSmall));
  EXPECT_TRUE(second.TryHold(5 * kSmall));
  EXPECT_FALSE(second.TryHold(6 * kSmall));
  EXPECT_TRUE(first.TryHoldInLine(6 * kSmall));
  EXPECT_FALSE(second.TryHoldInLine(6 * kSmall));
  EXPECT_TRUE(first.TryHoldInLine(7 * kSmall));
  EXPECT_FALSE(first.TryHoldInLine(8 * kSmall)) << "together more than six eighths";
  first = MemoryCharge();
  EXPECT_TRUE(second.TryHoldInLine(12 * kSmall));
  second.LeaveLine();
  MemoryCharge third(budget);
  EXPECT_FALSE(third.TryHoldInLine(2 * kSmall));
  second.Hold(0);
  EXPECT_TRUE(third.TryHoldInLine(12 * kSmall));
}

TEST(MemoryBudgetTest, LetsOneOfThoseThatGrowComeToItsEndAfterTheOther) {
  auto budget = std::make_shared<MemoryBudget>(64 * kSmall);
  std::vector<MemoryCharge> growing;
  for (int i = 0; i < 4; ++i) growing.emplace_back(budget);
  for (MemoryCharge& charge : growing) EXPECT_TRUE(charge.TryHold(2 * kSmall, MemoryNeed::kGrows));
  for (MemoryCharge& charge : growing) EXPECT_FALSE(charge.TryHold(3 * kSmall, MemoryNeed::kGrows));
  for (MemoryCharge& charge : growing) {
    for (uint64_t held = 3; held < 40; ++held) ASSERT_TRUE(charge.TryHoldInLine(held * kSmall, MemoryNeed::kGrows));
    charge = MemoryCharge();
  }
}

TEST(MemoryBudgetTest, SaysWhatCanNeverFit) {
  auto budget = std::make_shared<MemoryBudget>(16 * kSmall);
  MemoryCharge charge(budget);
  EXPECT_FALSE(charge.CanNever(12 * kSmall));
  EXPECT_TRUE(charge.CanNever(12 * kSmall + 1));
  EXPECT_FALSE(charge.TryHold(UINT64_MAX));
  EXPECT_FALSE(MemoryCharge().CanNever(UINT64_MAX));
  EXPECT_TRUE(MemoryCharge().TryHold(UINT64_MAX));
}

TEST(MemoryBudgetTest, CountsWhatWasTakenAlreadyPastItsBound) {
  auto budget = std::make_shared<MemoryBudget>(kSmall);
  MemoryCharge charge(budget), other(budget);
  charge.Hold(2 * kSmall);
  EXPECT_EQ(budget->used(), 2 * kSmall);
  EXPECT_FALSE(other.TryHold(1));
  charge.Hold(0);
  EXPECT_TRUE(other.TryHold(1));
}

TEST(MemoryBudgetTest, NeverPassesItsBoundFromSeveralThreads) {
  auto budget = std::make_shared<MemoryBudget>(8 * kSmall);
  std::vector<std::thread> threads;
  std::atomic<bool> passed = false;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 10'000; ++round) {
        MemoryCharge charge(budget);
        if (charge.TryHoldInLine(3 * kSmall) && budget->used() > budget->large_max()) passed = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(passed);
  EXPECT_EQ(budget->used(), 0);
}

}  // namespace
}  // namespace pando
