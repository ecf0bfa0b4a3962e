#include "embedded/secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>
#include <vector>

#include "embedded/test_folder.h"

namespace pando::embedded {
namespace {

mode_t ModeOf(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0);
  return status.st_mode & 0777;
}

TEST(LoadOrCreateSecret, MakesOneOnceForThisAccountAlone) {
  const TestFolder folder;
  const Result<Secret> first = LoadOrCreateSecret(folder.path() / "new" / "folder");
  const Result<Secret> second = LoadOrCreateSecret(folder.path() / "new" / "folder");

  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_THAT(first->reveal(), testing::MatchesRegex("[-A-Za-z0-9_]+"));
  EXPECT_EQ(first->reveal().size(), 64u);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(ModeOf(folder.path() / "new" / "folder" / kSecretFile), mode_t{0600});
}

TEST(LoadOrCreateSecret, GivesEachOfManyTheSame) {
  const TestFolder folder;
  std::vector<std::string> secrets(8);
  std::vector<std::jthread> threads;
  for (std::string& secret : secrets) {
    threads.emplace_back([&] {
      Result<Secret> made = LoadOrCreateSecret(folder.path());
      if (made) secret = made->reveal();
    });
  }
  threads.clear();
  EXPECT_EQ(secrets[0].size(), 64u);
  EXPECT_THAT(secrets, testing::Each(secrets[0]));
}

TEST(LoadOrCreateSecret, ClosesAFileThatOthersCouldRead) {
  const TestFolder folder;
  const std::filesystem::path path = folder.path() / kSecretFile;
  std::ofstream(path) << "a secret that somebody wrote by hand, with an editor\n";
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);

  const Result<Secret> secret = LoadOrCreateSecret(folder.path());

  ASSERT_TRUE(secret.has_value());
  EXPECT_EQ(secret->reveal(), "a secret that somebody wrote by hand, with an editor");
  EXPECT_EQ(ModeOf(path), mode_t{0600});
}

TEST(LoadOrCreateSecret, RefusesAFileWithoutASecretRatherThanReplacingIt) {
  const TestFolder folder;
  std::ofstream(folder.path() / kSecretFile) << "short\n";

  const Result<Secret> secret = LoadOrCreateSecret(folder.path());

  ASSERT_FALSE(secret.has_value());
  EXPECT_EQ(secret.error().id(), ErrorId::kStartFailed);
  EXPECT_THAT(secret.error().ToString(), testing::Not(testing::HasSubstr("short\n")));
}

}  // namespace
}  // namespace pando::embedded
