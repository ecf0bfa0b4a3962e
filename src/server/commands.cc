#include "server/commands.h"
#include "server/run_on.h"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fstream>

#include "auth/verifier.h"
#include "embedded/secret.h"
#include "migrate/migrator.h"
#include "pg/connection.h"
#include "server/database.h"
#include "telemetry/log.h"

namespace pando::server {
namespace {

using namespace std::chrono_literals;

std::filesystem::path DataFolder(const ProgramOptions& options) {
  std::filesystem::path folder = EmbeddedFolder(options.database.url).value_or("");
  if (folder.empty()) folder = geteuid() == 0 ? embedded::kRootDataFolder : embedded::kDataFolder;
  return std::filesystem::absolute(folder).lexically_normal();
}

// Where the server of a running Pando on this folder listens: the fifth line of postmaster.pid (PostgreSQL
// documentation, section 73.1). Empty when it cannot be told.
std::string RunningSocketFolder(const std::filesystem::path& data_folder) {
  std::ifstream file(data_folder / "postmaster.pid");
  std::string line;
  for (int i = 0; i < 5; ++i) {
    if (!std::getline(file, line)) return "";
  }
  return line;
}

// A database for a command that may run beside `pando serve`.
class CommandDatabase {
 public:
  static Result<CommandDatabase> Open(const ProgramOptions& options) {
    CommandDatabase opened;
    Result<Database> database = Database::Open(options);
    if (database) {
      opened.own_ = std::move(*database);
      opened.owner_uri_ = opened.own_->owner_uri();
      return opened;
    }
    if (database.error().id() != ErrorId::kEmbeddedInUse) return database.error();
    const std::string socket = RunningSocketFolder(DataFolder(options));
    if (socket.empty()) return database.error();
    opened.owner_uri_ = "host='" + socket + "' user=" + std::string(embedded::kOwnerRole) +
                        " dbname=" + std::string(embedded::kDatabase);
    return opened;
  }

  const std::string& owner_uri() const { return owner_uri_; }
  void Close(const ProgramOptions& options) {
    if (own_) own_->Close(options.embedded.stop_grace);
  }

 private:
  std::optional<Database> own_;
  std::string owner_uri_;
};

// A migration has a session of its own: it may set what it likes, and holds a lock between its transactions.
Error MigratesThroughPooler() {
  return Error(ErrorId::kPooler, "migrations need a session of their own, and database.pooler is \"transaction\"")
      .WithHint("run pando migrate with a database.url of PostgreSQL itself, and database.pooler = \"none\"");
}

Task<Result<size_t>> Up(std::string uri, std::vector<migrate::Migration> files, pg::Pooler pooler) {
  pg::ConnectOptions connect;
  connect.uri = std::move(uri);
  connect.pooler = pooler;
  const Deadline connect_by = Deadline::After(30s);
  PANDO_CO_TRY(std::unique_ptr<pg::Connection> connection, co_await pg::Connection::Open(connect, connect_by));
  connect.application_name = "pando migrate lock";
  PANDO_CO_TRY(std::unique_ptr<pg::Connection> guard, co_await pg::Connection::Open(connect, connect_by));
  const migrate::Progress progress = [](const migrate::Migration& m) { std::printf("applied %s\n", m.file.c_str()); };
  co_return co_await migrate::Up(*connection, *guard, std::move(files), progress, Deadline::Never());
}

Task<Result<std::vector<migrate::MigrationStatus>>> Status(std::string uri, std::vector<migrate::Migration> files,
                                                           pg::Pooler pooler, Deadline connect_by) {
  pg::ConnectOptions connect;
  connect.uri = std::move(uri);
  connect.pooler = pooler;
  PANDO_CO_TRY(std::unique_ptr<pg::Connection> connection, co_await pg::Connection::Open(connect, connect_by));
  const Deadline read_by = Deadline::After(60s);
  co_return co_await migrate::Status(*connection, std::move(files), read_by);
}

Result<Secret> SigningSecret(const ProgramOptions& options) {
  if (options.auth.jwt_secret.empty() && EmbeddedFolder(options.database.url)) {
    return embedded::LoadOrCreateSecret(SecretFolder(DataFolder(options)));
  }
  return auth::SigningSecret(options.auth);
}

std::string TokenFor(const std::string& role, const KeysRequest& request, const Secret& secret) {
  const int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  boost::json::object claims{{"role", role}, {"iss", "pando"}, {"iat", now}, {"exp", now + request.lifetime_seconds}};
  if (!request.subject.empty()) claims["sub"] = request.subject;
  return auth::SignToken(boost::json::serialize(claims), secret.reveal());
}

}  // namespace

Result<void> MigrateUp(const ProgramOptions& options) {
  const pg::Pooler pooler = PoolerOf(options.database);
  if (pooler == pg::Pooler::kTransaction) return MigratesThroughPooler();
  PANDO_TRY(std::vector<migrate::Migration> files, migrate::ReadMigrations(options.migrate.folder));
  PANDO_TRY(CommandDatabase database, CommandDatabase::Open(options));
  boost::asio::io_context loop(1);
  const Result<size_t> applied = RunHere(loop, Up(database.owner_uri(), std::move(files), pooler));
  database.Close(options);
  if (!applied) return applied.error();
  std::printf(*applied == 0 ? "nothing to apply\n" : "%zu applied\n", *applied);
  return {};
}

Result<void> WithDatabase(const ProgramOptions& options,
                          const std::function<Result<void>(const std::string& owner_uri)>& work) {
  PANDO_TRY(CommandDatabase database, CommandDatabase::Open(options));
  Result<void> done = work(database.owner_uri());
  database.Close(options);
  return done;
}

Result<void> MigrateStatus(const ProgramOptions& options) {
  PANDO_TRY(std::vector<migrate::Migration> files, migrate::ReadMigrations(options.migrate.folder));
  PANDO_TRY(CommandDatabase database, CommandDatabase::Open(options));
  boost::asio::io_context loop(1);
  const auto statuses =
      RunHere(loop, Status(database.owner_uri(), std::move(files), PoolerOf(options.database), Deadline::After(30s)));
  database.Close(options);
  if (!statuses) return statuses.error();
  for (const migrate::MigrationStatus& status : *statuses) {
    const std::string state(migrate::ToString(status.state));
    std::printf("%-8s  %s%s%s\n", state.c_str(), status.label.c_str(), status.applied_at.empty() ? "" : "  ",
                status.applied_at.c_str());
  }
  return {};
}

void WarnOfPendingMigrations(const ProgramOptions& options, const std::string& owner_uri, StopRequest& stop) {
  using telemetry::Level;
  Result<std::vector<migrate::Migration>> files = migrate::ReadMigrations(options.migrate.folder);
  if (!files) {
    telemetry::Log(Level::kWarn, "migrations.invalid",
                   "the files of migrate.folder cannot be used as migrations: " + files.error().ToString());
    return;
  }
  if (files->empty()) return;
  boost::asio::io_context loop(1);
  const auto statuses =
      RunHere(loop, Status(owner_uri, std::move(*files), PoolerOf(options.database), Deadline::After(2s)), stop);
  if (!statuses) return;
  const Result<void> consistent = migrate::CheckConsistent(*statuses);
  if (!consistent) {
    telemetry::Log(Level::kWarn, "migrations.invalid",
                   "the migrations of migrate.folder do not match the database: " + consistent.error().ToString());
  } else if (const size_t pending = migrate::CountPending(*statuses); pending > 0) {
    telemetry::Log(Level::kWarn, "migrations.pending",
                   "some migrations are not applied to the database; run pando migrate",
                   {{"pending", static_cast<int64_t>(pending)}});
  }
}

Result<void> PrintKeys(const ProgramOptions& options, const KeysRequest& request) {
  PANDO_TRY(const Secret secret, SigningSecret(options));
  if (!request.role.empty()) {
    std::printf("%s\n", TokenFor(request.role, request, secret).c_str());
    return {};
  }
  for (const auto role : {embedded::kAnonymousRole, embedded::kServiceRole}) {
    const std::string name(role);
    std::printf("%s: %s\n", name.c_str(), TokenFor(name, request, secret).c_str());
  }
  return {};
}

}  // namespace pando::server
