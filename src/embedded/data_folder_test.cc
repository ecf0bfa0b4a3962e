#include "embedded/data_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "embedded/previous_server.h"
#include "embedded/socket_folder.h"
#include "embedded/test_folder.h"

namespace pando::embedded {
namespace {

using testing::HasSubstr;

Account TestAccount() {
  Result<Account> account = ResolveAccount("nobody");
  PANDO_ASSERT(account.has_value());
  return *account;
}

TEST(DataFolder, OfAVersionThatIsNotInstalledIsRefusedWithWhatToDo) {
  const TestFolder folder;
  std::ofstream(folder.path() / "PG_VERSION") << "9\n";

  const Result<Installation> chosen = ChooseInstallation(folder.path(), {}, TestAccount());

  ASSERT_FALSE(chosen.has_value());
  EXPECT_EQ(chosen.error().id(), ErrorId::kEmbeddedVersion);
  EXPECT_THAT(chosen.error().message(), HasSubstr("was made by PostgreSQL 9, and PostgreSQL 1"));
  EXPECT_THAT(*chosen.error().hint(), HasSubstr("pg_upgrade"));
}

TEST(DataFolder, WithAnUnreadableVersionIsCalledDamaged) {
  const TestFolder folder;
  std::ofstream(folder.path() / "PG_VERSION") << "x\n";
  EXPECT_EQ(ReadDataVersion(folder.path()).error().id(), ErrorId::kEmbeddedVersion);
}

TEST(DataFolder, WithSomebodysFilesIsLeftAlone) {
  const TestFolder folder;
  std::ofstream(folder.path() / "thesis.txt") << "...";

  const Result<void> initialised =
      InitialiseDataFolder(folder.path(), Installation{"/nonexistent", 15}, TestAccount(), Deadline::Never());

  ASSERT_FALSE(initialised.has_value());
  EXPECT_THAT(initialised.error().message(), HasSubstr("thesis.txt"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "thesis.txt"));
}

TEST(DataFolder, IsMadeClosedAndTheAccounts) {
  const TestFolder folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
  const Account account = TestAccount();

  ASSERT_TRUE(PrepareDataFolder(folder.path() / "a" / "data", account).has_value());

  struct stat status {};
  ASSERT_EQ(stat((folder.path() / "a" / "data").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, mode_t{0700});
  EXPECT_EQ(status.st_uid, account.uid);
}

TEST(DataFolder, BelowAFolderThatTheAccountMayNotEnterIsRefused) {
  const TestFolder folder;  // 0700, ours
  const Account account = TestAccount();
  if (!account.switches) GTEST_SKIP() << "only root runs PostgreSQL as another account";

  const Result<void> prepared = PrepareDataFolder(folder.path() / "data", account);

  ASSERT_FALSE(prepared.has_value());
  EXPECT_THAT(prepared.error().message(), HasSubstr("it may not enter " + folder.path().string()));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "data"));
}

TEST(DataFolder, ThatCannotBeMadeIsRefusedWithTheReason) {
  const Result<void> prepared = PrepareDataFolder("/proc/pando/data", TestAccount());
  ASSERT_FALSE(prepared.has_value());
  EXPECT_EQ(prepared.error().id(), ErrorId::kEmbeddedStart);
  EXPECT_THAT(prepared.error().message(), HasSubstr("cannot make the folder /proc/pando"));
}

TEST(SocketFolder, ThatIsTooLongIsRefusedWithTheLimit) {
  const std::filesystem::path longest = "/" + std::string(92, 'x');
  EXPECT_TRUE(FitsSocket(longest));
  const Result<void> prepared = PrepareSocketFolder(longest.string() + "x", TestAccount());
  ASSERT_FALSE(prepared.has_value());
  EXPECT_THAT(prepared.error().message(), HasSubstr("has 94 bytes, and a Unix socket's path leaves room for 93"));
}

TEST(SocketFolder, IsShortWhereTheDataFolderIsLong) {
  Account account;
  account.uid = 1000;
  const std::filesystem::path data = "/home/somebody/data/postgres";
  EXPECT_EQ(DefaultSocketFolder(data, account), data / "pando.socket");
  const std::filesystem::path deep = "/" + std::string(90, 'x');
  EXPECT_TRUE(FitsSocket(DefaultSocketFolder(deep, account)));
  EXPECT_NE(DefaultSocketFolder(deep, account), DefaultSocketFolder(deep.string() + "y", account));
}

TEST(SocketFolder, OfRootIsBelowRun) {
  Account account;
  account.switches = true;
  EXPECT_EQ(DefaultSocketFolder("/var/lib/pando/postgres", account), "/run/pando");
  EXPECT_THAT(DefaultSocketFolder("/srv/data", account).string(), testing::StartsWith("/run/pando-"));
}

TEST(PostmasterFile, HasPidAndStatus) {
  const TestFolder folder;
  EXPECT_EQ(ReadPostmasterFile(folder.path()).pid, 0);
  std::ofstream(folder.path() / "postmaster.pid")
      << "4711\n/data\n1700000000\n5432\n/run/pando\n\n  1234 5\nready   \n";
  EXPECT_EQ(ReadPostmasterFile(folder.path()).pid, 4711);
  EXPECT_EQ(ReadPostmasterFile(folder.path()).status, "ready");
}

TEST(PreviousServer, ThatLeftItsFileBehindIsForgotten) {
  const TestFolder folder;
  // The pid of a living process that is no PostgreSQL: this one.
  std::ofstream(folder.path() / "postmaster.pid") << getpid() << "\n";
  EXPECT_TRUE(AwaitPreviousServer(folder.path(), Deadline::After(std::chrono::seconds(1))).has_value());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "postmaster.pid"));
}

TEST(StaleSocket, IsRemovedOnlyIfItIsThatOfTheDataFolder) {
  const TestFolder folder;
  const std::filesystem::path lock = folder.path() / ".s.PGSQL.5432.lock";
  std::ofstream(lock) << getpid() << "\n/data/other\n";
  RemoveStaleSocket(folder.path(), "/data/ours");
  EXPECT_TRUE(std::filesystem::exists(lock));
  RemoveStaleSocket(folder.path(), "/data/other");
  EXPECT_FALSE(std::filesystem::exists(lock));
}

}  // namespace
}  // namespace pando::embedded
