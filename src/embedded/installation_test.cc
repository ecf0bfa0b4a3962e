#include "embedded/installation.h"

#include <gtest/gtest.h>

namespace pando::embedded {
namespace {

TEST(ParseServerVersion, ReadsTheMajorVersion) {
  EXPECT_EQ(ParseServerVersion("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), 15);
  EXPECT_EQ(ParseServerVersion("postgres (PostgreSQL) 18beta1\n"), 18);
  EXPECT_EQ(ParseServerVersion("sh: 1: postgres: not found\n"), std::nullopt);
  EXPECT_EQ(ParseServerVersion("postgres (PostgreSQL) devel\n"), std::nullopt);
}

TEST(FindInstallation, SaysWhatToInstallWhenThereIsNone) {
  const Result<Account> account = ResolveAccount("nobody");
  ASSERT_TRUE(account.has_value());

  const Result<Installation> found = FindInstallation("/nonexistent", std::nullopt, *account);

  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().id(), ErrorId::kEmbeddedNotInstalled);
  EXPECT_TRUE(found.error().hint()->find("apt-get install postgresql") != std::string::npos);
}

}  // namespace
}  // namespace pando::embedded
