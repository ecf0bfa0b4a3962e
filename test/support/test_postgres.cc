#include "support/test_postgres.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

namespace pando::test {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "test_postgres: %s\n", what.c_str());
  std::abort();
}

// The newest server that Debian's packages have installed.
std::string FindPrograms() {
  std::string best;
  int best_major = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int major = std::atoi(entry.path().filename().c_str());
    if (major > best_major && fs::exists(entry.path() / "bin" / "initdb")) {
      best_major = major;
      best = entry.path() / "bin";
    }
  }
  if (best.empty()) Die("no PostgreSQL server below /usr/lib/postgresql");
  return best;
}

// Waits for the end of its standard input, which is the end of the test process, and clears up: $0 is the folder.
constexpr const char* kKeeperScript = R"(
cat >/dev/null
pid=$(head -n 1 "$0/data/postmaster.pid" 2>/dev/null)
if [ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null; then
  for i in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
fi
rm -rf "$0"
)";

constexpr const char* kSettings = R"(
listen_addresses = ''
fsync = off
full_page_writes = off
synchronous_commit = off
wal_level = logical
max_connections = 100
max_prepared_transactions = 10
shared_buffers = 32MB
logging_collector = off
log_min_messages = warning
)";

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};

std::unique_ptr<PGresult, Clear> RunBlocking(const std::string& uri, const std::string& sql) {
  const std::unique_ptr<PGconn, Finish> connection(PQconnectdb(uri.c_str()));
  if (PQstatus(connection.get()) != CONNECTION_OK) Die(PQerrorMessage(connection.get()));
  PQsetNoticeProcessor(
      connection.get(), [](void*, const char*) {}, nullptr);
  std::unique_ptr<PGresult, Clear> result(PQexec(connection.get(), sql.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
    Die(PQresultErrorMessage(result.get()));
  }
  return result;
}

}  // namespace

TestPostgres& TestPostgres::Instance() {
  static TestPostgres postgres;
  return postgres;
}

TestPostgres::TestPostgres(Empty) : programs_(FindPrograms()) {
  MakeFolder();
  StartKeeper();
}

TestPostgres::TestPostgres() : TestPostgres(Empty()) {
  const std::string data = folder_ + "/data";
  if (RunAsServer("initdb", "-D " + data + " -U postgres -A trust --no-locale -E UTF8 --no-sync") != 0) {
    Die("initdb failed");
  }
  std::ofstream settings(data + "/postgresql.conf", std::ios::app);
  settings << kSettings;
  settings.close();
  UseFolderForSockets();
  Start();
}

std::unique_ptr<TestPostgres> TestPostgres::StandbyOf(const TestPostgres& primary) {
  std::unique_ptr<TestPostgres> standby(new TestPostgres(Empty()));
  const std::string data = standby->folder_ + "/data";
  if (standby->RunAsServer("pg_basebackup", "-D " + data + " -R -c fast --no-sync -U postgres -h " + primary.folder_) !=
      0) {
    Die("pg_basebackup failed");
  }
  standby->UseFolderForSockets();
  standby->Start();
  return standby;
}

// The last line on a setting counts.
void TestPostgres::UseFolderForSockets() const {
  std::ofstream settings(folder_ + "/data/postgresql.conf", std::ios::app);
  settings << "unix_socket_directories = '" << folder_ << "'\n";
}

void TestPostgres::Promote() {
  if (RunAsServer("pg_ctl", "-D " + folder_ + "/data -w -t 60 promote") != 0) Die("the standby is not promoted");
}

TestPostgres::~TestPostgres() {
  close(keeper_pipe_);
  waitpid(keeper_pid_, nullptr, 0);
}

void TestPostgres::MakeFolder() {
  std::string name = (fs::temp_directory_path() / "pando-test-XXXXXX").string();
  if (!mkdtemp(name.data())) Die("cannot make a temporary folder");
  folder_ = name;
  if (geteuid() != 0) return;
  // PostgreSQL refuses to run as root.
  const passwd* account = getpwnam("postgres");
  if (!account) Die("there is no account `postgres` to run the server");
  if (chown(folder_.c_str(), account->pw_uid, account->pw_gid) != 0) Die("cannot give the folder to `postgres`");
}

void TestPostgres::StartKeeper() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) Die("cannot make a pipe");
  keeper_pid_ = fork();
  if (keeper_pid_ < 0) Die("cannot fork");
  if (keeper_pid_ == 0) {
    setsid();  // an interrupt from the keyboard is for the tests
    dup2(ends[0], STDIN_FILENO);
    execl("/bin/sh", "sh", "-c", kKeeperScript, folder_.c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  close(ends[0]);
  keeper_pipe_ = ends[1];
}

int TestPostgres::RunAsServer(std::string_view program, const std::string& arguments) const {
  std::string command = geteuid() == 0 ? "runuser -u postgres -- " : "";
  command += programs_ + "/" + std::string(program) + " " + arguments;
  command += " >>" + folder_ + "/programs.log 2>&1 </dev/null";
  return std::system(command.c_str());
}

std::string TestPostgres::uri(std::string_view database, std::string_view user) const {
  return "postgres:///" + std::string(database) + "?host=" + folder_ + "&user=" + std::string(user);
}

std::string TestPostgres::CreateDatabase() {
  std::string name = "test" + std::to_string(++databases_);
  Execute("postgres", "create database " + name);
  return name;
}

void TestPostgres::Execute(std::string_view database, const std::string& script) { RunBlocking(uri(database), script); }

std::string TestPostgres::Query(std::string_view database, const std::string& sql) {
  const auto result = RunBlocking(uri(database), sql);
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

void TestPostgres::Stop() {
  if (RunAsServer("pg_ctl", "-D " + folder_ + "/data -w -m fast stop") != 0) Die("the server does not stop");
}

void TestPostgres::Start() {
  const std::string arguments = "-D " + folder_ + "/data -w -t 60 -l " + folder_ + "/log start";
  if (RunAsServer("pg_ctl", arguments) != 0) Die("the server does not start");
}

void TestPostgres::Restart() {
  Stop();
  Start();
}

}  // namespace pando::test
