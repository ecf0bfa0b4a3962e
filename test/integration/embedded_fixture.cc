#include "integration/embedded_fixture.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include "pg/connection.h"

namespace pando::embedded {
namespace {

Deadline Soon() { return Deadline::After(std::chrono::seconds(60)); }

std::filesystem::path MakeTemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "pando-embedded-XXXXXX").string();
  const char* made = mkdtemp(name.data());
  PANDO_ASSERT(made != nullptr);
  chmod(made, 0755);  // the account passes through it
  return name;
}

// Removed when the process ends, after the clusters in it.
struct SharedData {
  SharedData() : folder(MakeTemporaryFolder()) {}
  ~SharedData() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  std::filesystem::path folder;
};

}  // namespace

EmbeddedTest::EmbeddedTest() : folder_(MakeTemporaryFolder()) {}

EmbeddedTest::~EmbeddedTest() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

const std::filesystem::path& EmbeddedTest::SharedFolder() {
  static const SharedData shared;
  static const std::filesystem::path data = [] {
    ClusterOptions options;
    options.data_folder = shared.folder / "data";
    options.options.socket_folder = (shared.folder / "socket").string();
    Result<std::unique_ptr<Cluster>> cluster = Cluster::Start(std::move(options));
    if (!cluster) {
      ADD_FAILURE() << cluster.error().ToString();
      std::abort();
    }
    (*cluster)->Stop(std::chrono::seconds(30));
    return shared.folder / "data";
  }();
  return data;
}

ClusterOptions EmbeddedTest::OptionsFor(const std::filesystem::path& data_folder) const {
  ClusterOptions options;
  options.data_folder = data_folder;
  options.options.socket_folder = OwnFolder("socket").string();
  return options;
}

std::unique_ptr<Cluster> EmbeddedTest::StartCluster(const std::filesystem::path& data_folder) {
  Result<std::unique_ptr<Cluster>> cluster = Cluster::Start(OptionsFor(data_folder));
  if (!cluster) {
    ADD_FAILURE() << cluster.error().ToString();
    std::abort();
  }
  return std::move(*cluster);
}

std::unique_ptr<pg::Connection> EmbeddedTest::Connect(const Cluster& cluster, std::string_view role,
                                                      std::string_view database) {
  pg::ConnectOptions options;
  options.uri = cluster.uri(role, database);
  Result<std::unique_ptr<pg::Connection>> connection = loop_.Run(pg::Connection::Open(std::move(options), Soon()));
  if (!connection) {
    ADD_FAILURE() << connection.error().ToString();
    std::abort();
  }
  return std::move(*connection);
}

std::string EmbeddedTest::Execute(pg::Connection& connection, std::string script) {
  const Result<void> ran = loop_.Run(connection.RunScript(std::move(script), Soon()));
  return ran ? "" : ran.error().sqlstate();
}

std::string EmbeddedTest::Execute(const Cluster& cluster, std::string_view role, std::string script) {
  const std::unique_ptr<pg::Connection> connection = Connect(cluster, role);
  return Execute(*connection, std::move(script));
}

std::string EmbeddedTest::Query(pg::Connection& connection, std::string sql) {
  pg::Exchange exchange;
  exchange.commands.push_back(pg::Command{std::move(sql), {}, false});
  const Result<std::vector<pg::Rows>> rows = loop_.Run(connection.Run(std::move(exchange), Soon()));
  if (!rows) return rows.error().ToString();
  return std::string(rows->front().Get(0, 0).value_or("NULL"));
}

std::string EmbeddedTest::Query(const Cluster& cluster, std::string_view role, std::string sql) {
  const std::unique_ptr<pg::Connection> connection = Connect(cluster, role);
  return Query(*connection, std::move(sql));
}

void AwaitEnd(pid_t pid) {
  const int process = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (process < 0) {
    EXPECT_EQ(errno, ESRCH);
    return;
  }
  pollfd entry{.fd = process, .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&entry, 1, 60'000), 1) << "process " << pid << " still runs";
  close(process);
}

bool IsAlive(pid_t pid) { return kill(pid, 0) == 0; }

pid_t ParentOf(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    pid_t parent = 0;
    if (word == "PPid:" && status >> parent) return parent;
  }
  return 0;
}

}  // namespace pando::embedded
