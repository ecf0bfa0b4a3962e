#include "serve/print_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "sql/flat.h"

namespace pando::serve {
namespace {

constexpr int64_t kMany = sql::kFlatRowsMax + 1, kFew = sql::kFlatRowsMax;

class PrintMemoryTest : public testing::Test {
 protected:
  // Answers until the server is tried again.
  uint32_t AnswersUntilTry(int64_t rows) {
    uint32_t answers = 0;
    while (memory_->DatabasePrints(key_) && answers < 10 * PrintMemory::kPauseMax) {
      memory_->Printed(key_, rows);
      ++answers;
    }
    return answers;
  }

  const std::unique_ptr<PrintMemory> memory_ = std::make_unique<PrintMemory>();
  const uint64_t key_ = PrintMemory::KeyOf("SELECT 1", "anon");
};

TEST_F(PrintMemoryTest, LeavesAStatementToTheDatabaseAtTheFirstFailure) {
  EXPECT_FALSE(memory_->DatabasePrints(key_));
  memory_->Failed(key_);
  EXPECT_TRUE(memory_->DatabasePrints(key_));
  EXPECT_FALSE(memory_->DatabasePrints(PrintMemory::KeyOf("SELECT 1", "other")));
  EXPECT_FALSE(memory_->DatabasePrints(PrintMemory::KeyOf("SELECT 2", "anon")));
}

TEST_F(PrintMemoryTest, NeverTriesTheServerWhileThereAreTooManyRows) {
  memory_->Failed(key_);
  EXPECT_EQ(AnswersUntilTry(kMany), 10 * PrintMemory::kPauseMax);
}

TEST_F(PrintMemoryTest, TriesTheServerAgainOnceTheAnswersAreSmall) {
  memory_->Failed(key_);
  EXPECT_EQ(AnswersUntilTry(kFew), PrintMemory::kPauseMin);
}

TEST_F(PrintMemoryTest, CountsSmallAnswersAnewAfterALargeOne) {
  memory_->Failed(key_);
  memory_->Printed(key_, kFew);
  memory_->Printed(key_, kMany);
  EXPECT_EQ(AnswersUntilTry(kFew), PrintMemory::kPauseMin);
}

TEST_F(PrintMemoryTest, TriesMoreRarelyEachTimeInVainUpToABound) {
  uint32_t expected = PrintMemory::kPauseMin;
  for (int tries = 0; tries < 12; ++tries) {
    memory_->Failed(key_);
    EXPECT_EQ(AnswersUntilTry(kFew), expected);
    expected = std::min(expected * 2, PrintMemory::kPauseMax);
  }
}

TEST_F(PrintMemoryTest, TakesFailuresOfOneMomentForOne) {
  for (int i = 0; i < 5; ++i) memory_->Failed(key_);
  EXPECT_EQ(AnswersUntilTry(kFew), PrintMemory::kPauseMin);
}

TEST_F(PrintMemoryTest, ForgetsAStatementWhosePlaceAnotherTakes) {
  const uint64_t other = key_ ^ uint64_t { 1 } << 63;
  memory_->Failed(key_);
  memory_->Printed(other, kMany);
  EXPECT_TRUE(memory_->DatabasePrints(key_));
  memory_->Failed(other);
  EXPECT_FALSE(memory_->DatabasePrints(key_));
  EXPECT_TRUE(memory_->DatabasePrints(other));
}

}  // namespace
}  // namespace pando::serve
