#include "integration/introspect_fixture.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/assert.h"
#include "pg/connection.h"
#include "pg/pq.h"

namespace pando::introspect {
namespace {

namespace fs = std::filesystem;

// The programs of the newest server that Debian's packages have put in their place.
fs::path ServerPrograms() {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql")) {
    if (fs::exists(entry.path() / "bin" / "initdb")) newest = std::max(newest, entry.path() / "bin");
  }
  return newest;
}

// Runs while the object lives. The server refuses to run as root, so then it runs as the account `postgres`.
class Cluster {
 public:
  Cluster() {
    std::string name = (fs::temp_directory_path() / "pando-introspect-XXXXXX").string();
    PANDO_ASSERT(mkdtemp(name.data()) != nullptr);
    folder_ = name;
    if (geteuid() == 0) Run("chown postgres " + folder_, false);
    const std::string data = folder_ + "/data";
    Run(Program("initdb") + " -D " + data + " -U postgres -A trust --no-locale --encoding=UTF8 --no-sync");
    Run(Program("pg_ctl") + " -D " + data + " -w -l " + folder_ + "/log -o \"-c listen_addresses='' -c fsync=off" +
        " -c unix_socket_directories=" + folder_ + "\" start");
  }
  ~Cluster() {
    Run(Program("pg_ctl") + " -D " + folder_ + "/data -m immediate -w stop");
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::string ConnectionText(std::string_view user) const {
    return "host=" + folder_ + " dbname=postgres user=" + std::string(user);
  }

 private:
  static std::string Program(const char* name) { return (ServerPrograms() / name).string(); }
  static void Run(const std::string& command, bool as_server = true) {
    const bool switch_account = as_server && geteuid() == 0;
    const std::string whole = (switch_account ? "runuser -u postgres -- " : "") + command + " >/dev/null 2>&1";
    PANDO_ASSERT(std::system(whole.c_str()) == 0);
  }

  std::string folder_;
};

const Cluster& SharedCluster() {
  static const Cluster cluster;
  return cluster;
}

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Handle = std::unique_ptr<PGconn, CloseConnection>;

Handle Connect(std::string_view user) {
  Handle handle(PQconnectdb(SharedCluster().ConnectionText(user).c_str()));
  PANDO_ASSERT(PQstatus(handle.get()) == CONNECTION_OK);
  return handle;
}

// The least of a connection that introspection needs: it blocks, and knows Finish::kHold only.
class PlainConnection : public pg::Connection {
 public:
  explicit PlainConnection(Handle handle) : handle_(std::move(handle)) {}

  Task<Result<std::vector<pg::Rows>>> Run(pg::Exchange exchange, Deadline) override {
    PANDO_ASSERT(exchange.finish == pg::Finish::kHold);
    PQclear(PQexec(handle_.get(), "BEGIN"));
    std::vector<pg::Rows> answers;
    for (const pg::Command& command : exchange.commands) {
      std::optional<Error> refused = Ask(command, answers);
      if (refused) co_return *refused;
    }
    co_return std::move(answers);
  }
  Task<Result<void>> End(bool commit, Deadline) override {
    PQclear(PQexec(handle_.get(), commit ? "COMMIT" : "ROLLBACK"));
    co_return Result<void>();
  }
  Task<Result<void>> Clean(Deadline) override { co_return NotHere(); }
  Task<Result<void>> RunScript(std::string, Deadline) override { co_return NotHere(); }
  Task<Result<pg::Notification>> WaitNotification(Deadline) override { co_return NotHere(); }
  bool usable() const override { return true; }
  bool in_standby() const override { return false; }
  int server_version() const override { return PQserverVersion(handle_.get()); }
  int backend_pid() const override { return PQbackendPID(handle_.get()); }
  const pg::SessionState& session() const override { return session_; }
  size_t statements_prepared() const override { return 0; }

 private:
  static Error NotHere() { return Error(ErrorId::kInternalBug, "not for introspection"); }

  std::optional<Error> Ask(const pg::Command& command, std::vector<pg::Rows>& answers) {
    std::vector<const char*> values;
    for (const pg::Parameter& parameter : command.parameters)
      values.push_back(parameter ? parameter->c_str() : nullptr);
    const pg::PqResultHandle result(PQexecParams(handle_.get(), std::string(command.sql.view()).c_str(),
                                                 static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                                                 nullptr, 0));
    answers.push_back(pg::RowsOf(result.get()));
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return std::nullopt;
    return Error::FromDatabase(PQresultErrorField(result.get(), PG_DIAG_SQLSTATE), PQerrorMessage(handle_.get()));
  }

  Handle handle_;
  pg::SessionState session_;
};

using Loaded = Result<std::shared_ptr<const catalog::Catalog>>;

Task<void> LoadInto(pg::Connection& connection, IntrospectOptions options, std::optional<Loaded>& loaded) {
  const Deadline deadline = Deadline::After(std::chrono::minutes(1));
  loaded = co_await LoadCatalog(connection, std::move(options), deadline);
}

}  // namespace

void IntrospectFixture::SetUp() {
  Execute(
      "SET client_min_messages = error; DROP SCHEMA IF EXISTS api, extra, hidden CASCADE;"
      "CREATE SCHEMA api; CREATE SCHEMA extra; CREATE SCHEMA hidden;");
}

void IntrospectFixture::Execute(std::string_view sql) {
  const Handle handle = Connect("postgres");
  PGresult* result = PQexec(handle.get(), std::string(sql).c_str());
  const ExecStatusType status = PQresultStatus(result);
  PQclear(result);
  ASSERT_TRUE(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) << PQerrorMessage(handle.get());
}

std::shared_ptr<const catalog::Catalog> IntrospectFixture::Load(IntrospectOptions options) {
  return LoadAs("postgres", std::move(options));
}

std::shared_ptr<const catalog::Catalog> IntrospectFixture::LoadAs(std::string_view role, IntrospectOptions options) {
  PlainConnection connection(Connect(role));
  std::optional<Loaded> loaded;
  boost::asio::io_context loop;
  boost::asio::co_spawn(loop.get_executor(), LoadInto(connection, std::move(options), loaded),
                        [](std::exception_ptr thrown) { PANDO_ASSERT(!thrown); });
  loop.run();
  PANDO_ASSERT(loaded.has_value());
  EXPECT_TRUE(loaded->has_value()) << (loaded->has_value() ? "" : loaded->error().ToString());
  return **loaded;
}

}  // namespace pando::introspect
