#include "server/first_questions.h"

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>

#include "pg/connection.h"
#include "server/run_on.h"
#include "telemetry/log.h"

namespace pando::server {
namespace {

using telemetry::Level;
using telemetry::Log;

pg::ConnectOptions LoginOf(const ProgramOptions& options, const Database& database) {
  pg::ConnectOptions connect;
  connect.uri = database.login_uri();
  connect.pooler = PoolerOf(options.database);
  return connect;
}

// What else than a pooler keeps the database away is for later.
Task<Result<void>> FindPooler(const ProgramOptions& options, const Database& database) {
  pg::ConnectOptions connect = LoginOf(options, database);
  const Deadline deadline = Deadline::After(options.database.connect_timeout);
  const Result<std::unique_ptr<pg::Connection>> opened = co_await pg::Connection::Open(std::move(connect), deadline);
  if (!opened && opened.error().id() == ErrorId::kPooler) co_return opened.error();
  co_return Result<void>();
}

}  // namespace

Task<Result<DatabaseSettings>> AskDatabase(const ProgramOptions& options, const Database& database) {
  if (!options.database.config_in_database) co_return DatabaseSettings();
  pg::ConnectOptions connect = LoginOf(options, database);
  const std::optional<std::string> pre_config = options.rest.pre_config;
  const Deadline deadline = Deadline::After(options.database.connect_timeout);
  Task<Result<DatabaseSettings>> query = QueryDatabaseSettings(std::move(connect), pre_config, deadline);
  co_return co_await std::move(query);
}

Result<std::optional<DatabaseSettings>> LoadDatabaseSettings(ProgramOptions& options, config::Registry& registry,
                                                             const ServeDeps& deps, const Database& database,
                                                             StopRequest& stop) {
  boost::asio::io_context loop(1);
  Result<DatabaseSettings> settings = RunHere(loop, AskDatabase(options, database), stop);
  if (stop.asked()) return std::optional<DatabaseSettings>();
  if (!settings) {
    const bool is_named = PoolerOf(options.database) != pg::Pooler::kNone;
    if (settings.error().id() == ErrorId::kPooler && !is_named) return settings.error();
    Log(Level::kWarn, "config.database_unread",
        "Pando cannot read the options that the database holds, and starts without them: " +
            settings.error().ToString());
    return std::optional<DatabaseSettings>();
  }
  if (!settings->empty()) {
    PANDO_TRY(config::Sources sources, deps.read_sources());
    sources.database_settings = *settings;
    PANDO_TRY(const config::LoadReport report, registry.Load(sources));
    for (const std::string& warning : report.warnings) Log(Level::kWarn, "config.warning", warning);
  }
  return std::optional<DatabaseSettings>(std::move(*settings));
}

Result<void> RefusePooler(const ProgramOptions& options, const Database& database, StopRequest& stop) {
  if (database.is_embedded() || options.database.config_in_database) return {};
  boost::asio::io_context loop(1);
  return RunHere(loop, FindPooler(options, database), stop);
}

}  // namespace pando::server
