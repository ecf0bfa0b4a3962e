// Private clusters in a temporary folder that PostgreSQL's account can reach.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "embedded/cluster.h"
#include "net/test_loop.h"
#include "pg/connection.h"

namespace pando::embedded {

class EmbeddedTest : public testing::Test {
 protected:
  EmbeddedTest();
  ~EmbeddedTest() override;

  // A data folder that was initialised and set up once for all tests of this process, and is stopped between them.
  static const std::filesystem::path& SharedFolder();
  // A path below this test's own folder, which is gone after it.
  std::filesystem::path OwnFolder(const std::string& name) const { return folder_ / name; }

  // Listens on a socket below this test's own folder.
  ClusterOptions OptionsFor(const std::filesystem::path& data_folder) const;
  std::unique_ptr<Cluster> StartCluster(const std::filesystem::path& data_folder = SharedFolder());

  std::unique_ptr<pg::Connection> Connect(const Cluster& cluster, std::string_view role,
                                          std::string_view database = kDatabase);
  // The SQLSTATE of the refusal, or "".
  std::string Execute(pg::Connection& connection, std::string script);
  std::string Execute(const Cluster& cluster, std::string_view role, std::string script);
  // The first value; NULL as "NULL".
  std::string Query(pg::Connection& connection, std::string sql);
  std::string Query(const Cluster& cluster, std::string_view role, std::string sql);

  test::TestLoop loop_;

 private:
  std::filesystem::path folder_;
};

// Returns when the process has ended; fails the test when it has not after 60 s.
void AwaitEnd(pid_t pid);
bool IsAlive(pid_t pid);
pid_t ParentOf(pid_t pid);

}  // namespace pando::embedded
