#include "server/database_settings.h"

#include <memory>
#include <vector>

#include "config/postgrest.h"
#include "pg/connection.h"
#include "pgtypes/array.h"
#include "serve/settings.h"

namespace pando::server {
namespace {

// What ALTER ROLE said for this database wins over what it said for all. Both are in force on the connection already,
// but only names that are asked for can be seen there.
constexpr const char* kRoleSettings = R"(
SELECT DISTINCT ON (name) pg_catalog.substr(name, 7), value
FROM (SELECT s.setdatabase, pg_catalog.split_part(entry, '=', 1) AS name,
             pg_catalog.substr(entry, pg_catalog.strpos(entry, '=') + 1) AS value
      FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) AS entry
      WHERE s.setrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)
        AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))) AS settings
WHERE name LIKE 'pgrst.%'
ORDER BY name, setdatabase DESC)";

constexpr const char* kCurrentSettings = R"(
SELECT name, pg_catalog.current_setting('pgrst.' || name, true) FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name
WHERE pg_catalog.current_setting('pgrst.' || name, true) <> '')";

constexpr std::string_view kVariablePrefix = "PGRST_";

std::string KnownNames() {
  std::vector<std::string> names;
  for (const config::Alias& alias : config::PostgrestAliases()) {
    if (!alias.in_database) continue;
    std::string name(alias.variable.substr(kVariablePrefix.size()));
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    names.push_back(std::move(name));
  }
  return pgtypes::ArrayLiteral(names);
}

void Take(const pg::Rows& rows, DatabaseSettings& settings) {
  for (int i = 0; i < rows.size(); ++i) {
    settings[std::string(rows.Get(i, 0).value_or(""))] = std::string(rows.Get(i, 1).value_or(""));
  }
}

}  // namespace

Task<Result<DatabaseSettings>> QueryDatabaseSettings(pg::ConnectOptions connect, std::optional<std::string> pre_config,
                                                     Deadline deadline) {
  PANDO_CO_TRY(std::unique_ptr<pg::Connection> connection, co_await pg::Connection::Open(std::move(connect), deadline));
  pg::Exchange exchange;
  exchange.commands.push_back(pg::Command{kRoleSettings, {}, false});
  if (pre_config) {
    // What it sets holds to the end of this transaction.
    exchange.commands.push_back(serve::CallCommand(*pre_config));
    exchange.commands.push_back(pg::Command{kCurrentSettings, {KnownNames()}, false});
  }
  PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await connection->Run(std::move(exchange), deadline));
  DatabaseSettings settings;
  Take(rows.front(), settings);
  if (pre_config) Take(rows.back(), settings);
  co_return settings;
}

}  // namespace pando::server
