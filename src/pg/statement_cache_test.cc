#include "pg/statement_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::pg {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(StatementCache, FindsAStatementByItsText) {
  StatementCache cache(10);
  StatementCache::Statement* added = cache.Add("select 1");

  EXPECT_EQ(cache.Find("select 1"), added);
  EXPECT_EQ(cache.Find("select 2"), nullptr);
  EXPECT_FALSE(added->prepared);
}

TEST(StatementCache, TrimRetiresWhatWasUsedTheLongestAgo) {
  StatementCache cache(2);
  cache.Add("a");
  cache.Add("b");
  cache.Add("c");
  cache.Find("a");

  cache.Trim();

  EXPECT_EQ(cache.size(), 2u);
  EXPECT_EQ(cache.Find("b"), nullptr);
  EXPECT_THAT(cache.TakeRetired(), ElementsAre("DEALLOCATE s2"));
  EXPECT_THAT(cache.TakeRetired(), IsEmpty());
}

TEST(StatementCache, KeepsStatementsValidWhileOthersComeAndGo) {
  StatementCache cache(1);
  StatementCache::Statement* first = cache.Add("a");
  cache.Forget(cache.Add("b"));
  cache.Add("c");

  EXPECT_EQ(first->sql, "a");
  EXPECT_EQ(cache.size(), 2u);
}

TEST(StatementCache, NeverGivesANameTwice) {
  StatementCache cache(10);
  const std::string first = cache.Add("a")->name;
  cache.Forget(cache.Find("a"));
  const std::string second = cache.Add("a")->name;
  cache.Clear();

  EXPECT_NE(first, second);
  EXPECT_NE(cache.Add("a")->name, second);
}

TEST(StatementCache, ForgettingAsksNothingOfTheServer) {
  StatementCache cache(10);
  cache.Forget(cache.Add("a"));

  EXPECT_FALSE(cache.has_retired());
  EXPECT_EQ(cache.size(), 0u);
}

TEST(StatementCache, WithoutRoomRetiresEverythingAtTrim) {
  StatementCache cache(0);
  cache.Add("a");
  cache.Trim();

  EXPECT_THAT(cache.TakeRetired(), ElementsAre("DEALLOCATE s1"));
}

}  // namespace
}  // namespace pando::pg
