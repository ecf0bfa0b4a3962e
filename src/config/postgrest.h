// PostgREST's environment variables as aliases of our options, so that a deployment of PostgREST is replaced by
// changing the program alone. Each alias is one row of a table; names follow PostgREST 16.
//
// Concurrency  immutable
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/environment.h"
#include "config/setting.h"

namespace pando::config {

struct Alias {
  // How PostgREST's spelling becomes ours.
  enum class Form {
    kSame,       // as it is
    kSeconds,    // a number of seconds
    kLogLevel,   // crit is our error; the others are called the same
    kVerbosity,  // verbose is our "postgrest"
    kPooler,     // false, for statements that are not prepared, is our "transaction"; true our "none"
  };
  std::string_view variable;  // "PGRST_DB_SCHEMAS"
  std::string_view option;    // "rest.schemas"
  Form form = Form::kSame;
  bool in_database = false;  // may also stand in the database, as pgrst.db_schemas of the connecting role
};

// In the order they apply: of two names of one option the newer is later. Besides these there are PGRST_SERVER_HOST
// with PGRST_SERVER_PORT (http.listen), PGRST_ADMIN_SERVER_HOST with PGRST_ADMIN_SERVER_PORT (admin.listen), and
// PGRST_APP_SETTINGS_NAME (rest.app_settings, entry "name").
std::span<const Alias> PostgrestAliases();

struct PostgrestSettings {
  std::vector<Setting> defaults;  // where PostgREST's defaults are not ours; empty when no PGRST_ variable is set
  std::vector<Setting> settings;
  std::vector<std::string> warnings;  // names the variables that nothing here takes over
};

// A variable whose value is empty counts as unset. Options that `rows` lacks are left out, with a warning.
PostgrestSettings ReadPostgrest(const Environment& environment, const std::vector<OptionRow>& rows);

// Settings that the connecting role has in the database, without their prefix ("pgrst."): db_schemas, app.settings.x.
// Those that PostgREST takes from the environment only are left out, with a warning, as are unknown ones.
PostgrestSettings ReadDatabaseSettings(const std::map<std::string, std::string>& database_settings,
                                       const std::vector<OptionRow>& rows);

}  // namespace pando::config
