#include "embedded/folder_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

#include "embedded/test_folder.h"

namespace pando::embedded {
namespace {

TEST(FolderLock, RefusesTheSecondAndNamesTheFirst) {
  const TestFolder folder;
  const Result<FolderLock> first = FolderLock::Acquire(folder.path());
  ASSERT_TRUE(first.has_value());

  const Result<FolderLock> second = FolderLock::Acquire(folder.path());

  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().id(), ErrorId::kEmbeddedInUse);
  EXPECT_THAT(second.error().message(), testing::HasSubstr("process id " + std::to_string(getpid())));
}

TEST(FolderLock, IsFreeAgainWhenTheFirstIsGone) {
  const TestFolder folder;
  {
    const Result<FolderLock> first = FolderLock::Acquire(folder.path());
    ASSERT_TRUE(first.has_value());
  }
  EXPECT_TRUE(FolderLock::Acquire(folder.path()).has_value());
}

}  // namespace
}  // namespace pando::embedded
