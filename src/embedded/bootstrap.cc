#include "embedded/bootstrap.h"

#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "pg/connection.h"

namespace pando::embedded {
namespace {

// Raised when a step below changes; the steps then run again on every cluster.
constexpr int kVersion = 1;

// The superuser's own databases are nobody else's; template1 hands no rights on to databases made later.
constexpr const char* kRoles = R"sql(
DO $$
DECLARE
  wanted record;
BEGIN
  FOR wanted IN SELECT * FROM (VALUES
    ('anon',          'NOLOGIN NOINHERIT'),
    ('authenticated', 'NOLOGIN NOINHERIT'),
    ('service_role',  'NOLOGIN NOINHERIT BYPASSRLS'),
    ('authenticator', 'LOGIN NOINHERIT'),
    ('pando_owner',   'LOGIN')) AS roles (name, attributes)
  LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted.name) THEN
      EXECUTE pg_catalog.format('CREATE ROLE %I %s', wanted.name, wanted.attributes);
    END IF;
  END LOOP;
END
$$;
GRANT anon, authenticated, service_role TO authenticator;
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
)sql";

constexpr const char* kCreateDatabase = "CREATE DATABASE pando OWNER pando_owner TEMPLATE template0 ENCODING 'UTF8'";

// The rights of PUBLIC are those of anon too, so PUBLIC keeps none but to look a name up in the schema. Default
// privileges of one schema can only add to the global ones: EXECUTE has to be revoked globally.
constexpr const char* kDatabase = R"sql(
REVOKE ALL ON DATABASE pando FROM PUBLIC;
GRANT CONNECT ON DATABASE pando TO authenticator;
ALTER SCHEMA public OWNER TO pando_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
CREATE SCHEMA IF NOT EXISTS pando AUTHORIZATION pando_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE pando_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE pando_owner GRANT USAGE ON SCHEMAS TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE pando_owner GRANT ALL ON TABLES TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE pando_owner GRANT ALL ON SEQUENCES TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE pando_owner GRANT EXECUTE ON FUNCTIONS TO service_role;
CREATE SCHEMA IF NOT EXISTS pando_internal;
REVOKE ALL ON SCHEMA pando_internal FROM PUBLIC;
CREATE TABLE IF NOT EXISTS pando_internal.bootstrap (
  version integer PRIMARY KEY,
  applied_at timestamptz NOT NULL DEFAULT pg_catalog.now());
)sql";

// Temporary objects are a session's own, and a refreshed view has changed in its rows only.
constexpr const char* kTriggers = R"sql(
CREATE OR REPLACE FUNCTION pando_internal.announce_ddl() RETURNS event_trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_event_trigger_ddl_commands() AS command
             WHERE command.schema_name IS DISTINCT FROM 'pg_temp'
               AND command.command_tag <> 'REFRESH MATERIALIZED VIEW') THEN
    NOTIFY pgrst, 'reload schema';
  END IF;
END
$$;
CREATE OR REPLACE FUNCTION pando_internal.announce_drop() RETURNS event_trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() AS object WHERE NOT object.is_temporary) THEN
    NOTIFY pgrst, 'reload schema';
  END IF;
END
$$;
DROP EVENT TRIGGER IF EXISTS pando_announce_ddl;
CREATE EVENT TRIGGER pando_announce_ddl ON ddl_command_end EXECUTE FUNCTION pando_internal.announce_ddl();
DROP EVENT TRIGGER IF EXISTS pando_announce_drop;
CREATE EVENT TRIGGER pando_announce_drop ON sql_drop EXECUTE FUNCTION pando_internal.announce_drop();
)sql";

using ConnectionHandle = std::unique_ptr<pg::Connection>;

Task<Result<ConnectionHandle>> Connect(std::string uri, Deadline deadline) {
  pg::ConnectOptions options;
  options.uri = std::move(uri);
  options.application_name = "pando bootstrap";
  co_return co_await pg::Connection::Open(std::move(options), deadline);
}

Task<Result<std::optional<std::string>>> ReadValue(pg::Connection& connection, std::string sql, Deadline deadline) {
  pg::Exchange exchange;
  exchange.commands.push_back(pg::Command{std::move(sql), {}, false});
  PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await connection.Run(std::move(exchange), deadline));
  std::optional<std::string> value;
  if (const auto text = rows.front().Get(0, 0)) value = std::string(*text);
  co_return value;
}

Task<Result<bool>> IsDone(pg::Connection& connection, Deadline deadline) {
  std::string find = "SELECT pg_catalog.to_regclass('pando_internal.bootstrap')";
  PANDO_CO_TRY(const std::optional<std::string> table, co_await ReadValue(connection, std::move(find), deadline));
  if (!table) co_return false;
  std::string newest = "SELECT max(version) >= " + std::to_string(kVersion) + " FROM pando_internal.bootstrap";
  PANDO_CO_TRY(const std::optional<std::string> done, co_await ReadValue(connection, std::move(newest), deadline));
  co_return done == "t";
}

Task<Result<void>> MakeRolesAndDatabase(std::string maintenance_uri, Deadline deadline) {
  PANDO_CO_TRY(const ConnectionHandle connection, co_await Connect(std::move(maintenance_uri), deadline));
  std::string roles = kRoles;
  PANDO_CO_CHECK(co_await connection->RunScript(std::move(roles), deadline));
  std::string exists =
      "SELECT true FROM pg_catalog.pg_database WHERE datname = 'pando' "
      "UNION ALL SELECT false LIMIT 1";
  PANDO_CO_TRY(const std::optional<std::string> found, co_await ReadValue(*connection, std::move(exists), deadline));
  if (found == "t") co_return Result<void>();
  std::string create = kCreateDatabase;
  co_return co_await connection->RunScript(std::move(create), deadline);
}

Task<Result<void>> PrepareDatabase(pg::Connection& connection, Deadline deadline) {
  std::string script = std::string(kDatabase) + kTriggers + "INSERT INTO pando_internal.bootstrap (version) VALUES (" +
                       std::to_string(kVersion) + ") ON CONFLICT DO NOTHING;";
  co_return co_await connection.RunScript(std::move(script), deadline);
}

}  // namespace

Task<Result<void>> Bootstrap(BootstrapTarget target, Deadline deadline) {
  Result<ConnectionHandle> connection = co_await Connect(target.database_uri, deadline);
  constexpr std::string_view kNoSuchDatabase = "3D000";
  if (!connection && connection.error().sqlstate() != kNoSuchDatabase) co_return connection.error();
  if (connection) {
    PANDO_CO_TRY(const bool done, co_await IsDone(**connection, deadline));
    if (done) co_return Result<void>();
  }
  PANDO_CO_CHECK(co_await MakeRolesAndDatabase(target.maintenance_uri, deadline));
  if (!connection) connection = co_await Connect(target.database_uri, deadline);
  if (!connection) co_return connection.error();
  co_return co_await PrepareDatabase(**connection, deadline);
}

Result<void> BootstrapBlocking(const BootstrapTarget& target, Deadline deadline) {
  boost::asio::io_context loop(1);
  std::optional<Result<void>> outcome;
  const auto done = [&outcome](std::exception_ptr escaped, Result<void> result) {
    outcome = escaped ? Result<void>(Error(ErrorId::kInternalBug, "setting up the embedded PostgreSQL failed"))
                      : std::move(result);
  };
  boost::asio::co_spawn(loop.get_executor(), Bootstrap(target, deadline), done);
  // Not run(): a timer that nobody waits for any more would hold it up.
  while (!outcome) {
    const bool ran = loop.run_one() > 0;
    PANDO_ASSERT(ran);
  }
  return *outcome;
}

}  // namespace pando::embedded
