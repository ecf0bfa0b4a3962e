#include "embedded/bootstrap.h"

#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "pg/connection.h"

namespace pando::embedded {
namespace {

// Raised when a step below changes; the steps then run again on every cluster.
constexpr int kVersion = 3;

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

// Functions of a trusted extension belong to the superuser, even when pando_owner creates it: the default privileges of
// pando_owner do not reach them. close_extensions() takes EXECUTE from PUBLIC and gives it to pando_owner with the
// right to pass it on, so that a migration can grant it by name. It touches only what PUBLIC may use: what the
// extension's own script has closed (dblink_connect_u) stays closed for pando_owner too. pando_owner's grant option
// also marks what was closed before, so that a grant to PUBLIC that was made since then stays.
//
// PUBLIC keeps what a statement calls without naming it, because PostgreSQL asks the caller for EXECUTE there as well:
// the functions behind operators, casts, types and operator classes. It keeps the aggregates and the one function that
// the REST API calls by name.
constexpr const char* kExtensions = R"sql(
CREATE OR REPLACE FUNCTION pando_internal.close_extensions() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  closed text;
  every text;
BEGIN
  WITH members AS (
    SELECT p.oid, p.proname, p.prokind
      FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_proc p ON p.oid = d.objid
     WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
       AND p.oid >= 16384
       AND EXISTS (SELECT FROM pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) a
                    WHERE a.grantee = 0)
       AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(p.proacl) a
                        WHERE a.grantee = 'pando_owner'::regrole AND a.is_grantable)
  ), unnamed (oid) AS (
    SELECT oprcode::oid FROM pg_catalog.pg_operator
    UNION ALL SELECT castfunc FROM pg_catalog.pg_cast
    UNION ALL SELECT amproc::oid FROM pg_catalog.pg_amproc
    UNION ALL SELECT pg_catalog.unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout]::oid[])
                FROM pg_catalog.pg_type
    UNION ALL SELECT pg_catalog.unnest(ARRAY[rngcanonical, rngsubdiff]::oid[]) FROM pg_catalog.pg_range
  )
  SELECT pg_catalog.string_agg(m.oid::regprocedure::text, ', ') FILTER (WHERE NOT (
           m.oid IN (SELECT oid FROM unnamed)
           OR m.prokind = 'a' AND m.proname IN ('avg', 'count', 'max', 'min', 'sum')
           OR m.proname = 'st_asgeojson')),
         pg_catalog.string_agg(m.oid::regprocedure::text, ', ')
    INTO closed, every
    FROM members m;
  IF closed IS NOT NULL THEN
    EXECUTE pg_catalog.format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', closed);
  END IF;
  IF every IS NOT NULL THEN
    EXECUTE pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO pando_owner WITH GRANT OPTION', every);
    EXECUTE pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO service_role', every);
  END IF;

  SELECT pg_catalog.string_agg(c.oid::regclass::text, ', ')
    INTO every
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
   WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
     AND c.oid >= 16384
     AND EXISTS (SELECT FROM pg_catalog.aclexplode(c.relacl) a WHERE a.grantee = 0)
     AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(c.relacl) a
                      WHERE a.grantee = 'pando_owner'::regrole AND a.is_grantable);
  IF every IS NOT NULL THEN
    EXECUTE pg_catalog.format('REVOKE ALL ON TABLE %s FROM PUBLIC', every);
    EXECUTE pg_catalog.format('GRANT SELECT ON TABLE %s TO pando_owner WITH GRANT OPTION', every);
    EXECUTE pg_catalog.format('GRANT SELECT ON TABLE %s TO service_role', every);
  END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION pando_internal.close_extensions() FROM PUBLIC;
SELECT pando_internal.close_extensions();
CREATE OR REPLACE FUNCTION pando_internal.close_new_extensions() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pando_internal.close_extensions();
END
$$;
DROP EVENT TRIGGER IF EXISTS pando_close_extensions;
CREATE EVENT TRIGGER pando_close_extensions ON ddl_command_end WHEN TAG IN ('CREATE EXTENSION', 'ALTER EXTENSION')
  EXECUTE FUNCTION pando_internal.close_new_extensions();
ALTER EVENT TRIGGER pando_close_extensions ENABLE ALWAYS;
)sql";

// Default privileges belong to one role: those of pando_owner, which a migration may change, do not reach what the
// superuser makes in psql. What has privileges of its own is left: CREATE OR REPLACE keeps a grant. Functions of an
// extension are closed when its script has ended, except those behind operators, which its script has not made yet when
// it makes the function.
constexpr const char* kFunctions = R"sql(
CREATE OR REPLACE FUNCTION pando_internal.close_new_functions() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made regprocedure;
BEGIN
  FOR made IN
    SELECT p.oid
      FROM pg_catalog.pg_event_trigger_ddl_commands() command
      JOIN pg_catalog.pg_proc p ON p.oid = command.objid
     WHERE command.classid = 'pg_proc'::regclass AND NOT command.in_extension AND p.proacl IS NULL
       AND p.proowner <> 'pando_owner'::regrole AND command.schema_name IS DISTINCT FROM 'pg_temp'
  LOOP
    EXECUTE pg_catalog.format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', made);
    EXECUTE pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO pando_owner WITH GRANT OPTION', made);
    EXECUTE pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO service_role', made);
  END LOOP;
END
$$;
DROP EVENT TRIGGER IF EXISTS pando_close_functions;
CREATE EVENT TRIGGER pando_close_functions ON ddl_command_end
  WHEN TAG IN ('CREATE FUNCTION', 'CREATE PROCEDURE', 'CREATE AGGREGATE')
  EXECUTE FUNCTION pando_internal.close_new_functions();
ALTER EVENT TRIGGER pando_close_functions ENABLE ALWAYS;
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
  std::string script = std::string(kDatabase) + kTriggers + kExtensions + kFunctions +
                       "INSERT INTO pando_internal.bootstrap (version) VALUES (" + std::to_string(kVersion) +
                       ") ON CONFLICT DO NOTHING;";
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
