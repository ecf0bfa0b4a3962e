#include "pg/commit_wait.h"

#include <gtest/gtest.h>

namespace pando::pg {
namespace {

TEST(CommitWaitTest, AnyoneIsAStandbyWhereAStarStands) {
  for (const char* names : {"*", " * ", "one, *", "FIRST 2 (one, *)", "ANY 1 (*)", "2(*)", "\"*\""}) {
    EXPECT_TRUE(CountsAsStandby(names, "pando")) << names;
  }
}

TEST(CommitWaitTest, NamesAreComparedWithoutCase) {
  for (const char* names : {"pando", "Pando", "one,PANDO", "ANY 1 (one,\"pando\")"}) {
    EXPECT_TRUE(CountsAsStandby(names, "pando")) << names;
  }
}

TEST(CommitWaitTest, OthersAreNotOurs) {
  for (const char* names : {"", "one", "ANY 2 (one, two, three)", "pando2", "s_*", "my-pando"}) {
    EXPECT_FALSE(CountsAsStandby(names, "pando")) << names;
  }
}

}  // namespace
}  // namespace pando::pg
