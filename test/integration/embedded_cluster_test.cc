// The life of the embedded PostgreSQL as long as nobody is killed.
#include <sys/stat.h>

#include <unistd.h>

#include <fstream>

#include "embedded/account.h"
#include "integration/embedded_fixture.h"
#include "pg/connection.h"

namespace pando::embedded {
namespace {

using testing::HasSubstr;

mode_t ModeOf(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0);
  return status.st_mode & 0777;
}

TEST_F(EmbeddedTest, ANewClusterIsMadeAsPromised) {
  const std::unique_ptr<Cluster> cluster = StartCluster(OwnFolder("new/data"));
  const std::unique_ptr<pg::Connection> connection = Connect(*cluster, kSuperuser);

  EXPECT_EQ(Query(*connection, "SHOW server_encoding"), "UTF8");
  EXPECT_EQ(Query(*connection, "SHOW data_checksums"), "on");
  EXPECT_EQ(Query(*connection, "SHOW wal_level"), "logical");
  EXPECT_EQ(Query(*connection, "SHOW listen_addresses"), "");
  EXPECT_EQ(Query(*connection, "SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL"), "0");
  // The locale knows letters beyond ASCII and compares by code point.
  EXPECT_EQ(Query(*connection, "SELECT upper('äöü') || (('Z' < 'a')::text)"), "ÄÖÜtrue");
}

TEST_F(EmbeddedTest, OnlyTheAccountCanEnterItsFolders) {
  const std::unique_ptr<Cluster> cluster = StartCluster();
  EXPECT_EQ(ModeOf(cluster->data_folder()), mode_t{0700});
  EXPECT_EQ(ModeOf(cluster->socket_folder()), mode_t{0700});
}

TEST_F(EmbeddedTest, DataOutlivesAStop) {
  std::unique_ptr<Cluster> cluster = StartCluster();
  EXPECT_TRUE(cluster->running());
  EXPECT_EQ(Execute(*cluster, kOwnerRole, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer"), "");
  const pid_t first = cluster->pid();
  cluster->Stop(std::chrono::seconds(30));
  EXPECT_FALSE(cluster->running());
  EXPECT_FALSE(IsAlive(first));
  cluster.reset();

  cluster = StartCluster();
  EXPECT_NE(cluster->pid(), first);
  EXPECT_EQ(Query(*cluster, kOwnerRole, "SELECT answer FROM kept"), "42");
}

TEST_F(EmbeddedTest, ASecondPandoIsRefusedAndToldOfTheFirst) {
  const std::unique_ptr<Cluster> cluster = StartCluster();

  const Result<std::unique_ptr<Cluster>> second = Cluster::Start(OptionsFor(SharedFolder()));

  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().id(), ErrorId::kEmbeddedInUse);
  EXPECT_THAT(second.error().message(), HasSubstr("process id " + std::to_string(getpid())));
  EXPECT_EQ(Query(*cluster, kSuperuser, "SELECT 1"), "1");
}

TEST_F(EmbeddedTest, TwoClustersRunSideBySideOnTwoFolders) {
  const std::unique_ptr<Cluster> first = StartCluster();
  ClusterOptions options = OptionsFor(OwnFolder("other"));
  options.options.socket_folder = OwnFolder("other-socket").string();
  const Result<std::unique_ptr<Cluster>> second = Cluster::Start(std::move(options));
  ASSERT_TRUE(second.has_value()) << second.error().ToString();
  EXPECT_EQ(Query(*first, kSuperuser, "SELECT 1"), "1");
  EXPECT_EQ(Query(**second, kSuperuser, "SELECT 1"), "1");
}

TEST_F(EmbeddedTest, AnInterruptedInitialisationIsDoneAgain) {
  const std::filesystem::path data = OwnFolder("data");
  std::filesystem::create_directories(data / ".pando-init" / "base");
  std::filesystem::create_directories(data / "global");
  std::ofstream(data / "postgresql.conf") << "half of it";
  // As an initialisation that was killed while it moved its files would have left it.
  const Account account = ResolveAccount("postgres").value();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
    ASSERT_EQ(lchown(entry.path().c_str(), account.uid, account.gid), 0);
  }
  ASSERT_EQ(lchown(data.c_str(), account.uid, account.gid), 0);

  const std::unique_ptr<Cluster> cluster = StartCluster(data);

  EXPECT_EQ(Query(*cluster, kSuperuser, "SELECT 1"), "1");
  EXPECT_FALSE(std::filesystem::exists(data / ".pando-init"));
}

TEST_F(EmbeddedTest, ASettingThatPostgresRefusesIsNamed) {
  const std::filesystem::path conf = SharedFolder() / "postgresql.conf";
  const std::filesystem::path saved = OwnFolder("saved.conf");
  std::filesystem::copy_file(conf, saved);
  std::ofstream(conf, std::ios::app) << "no_such_setting = 1\n";

  const Result<std::unique_ptr<Cluster>> cluster = Cluster::Start(OptionsFor(SharedFolder()));
  std::ofstream(conf, std::ios::trunc) << std::ifstream(saved).rdbuf();

  ASSERT_FALSE(cluster.has_value());
  EXPECT_EQ(cluster.error().id(), ErrorId::kEmbeddedStart);
  EXPECT_THAT(cluster.error().detail().value_or(""), HasSubstr("no_such_setting"));
}

TEST_F(EmbeddedTest, WhatAUserSetsInPostgresqlConfWins) {
  const std::filesystem::path conf = SharedFolder() / "postgresql.conf";
  const std::filesystem::path saved = OwnFolder("saved.conf");
  std::filesystem::copy_file(conf, saved);
  std::ofstream(conf, std::ios::app) << "work_mem = '7MB'\nlisten_addresses = '*'\n";

  std::unique_ptr<Cluster> cluster = StartCluster();
  std::ofstream(conf, std::ios::trunc) << std::ifstream(saved).rdbuf();

  EXPECT_EQ(Query(*cluster, kSuperuser, "SHOW work_mem"), "7MB");
  EXPECT_EQ(Query(*cluster, kSuperuser, "SHOW listen_addresses"), "");
}

}  // namespace
}  // namespace pando::embedded
