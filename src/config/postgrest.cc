#include "config/postgrest.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/ascii.h"

namespace pando::config {
namespace {

using Form = Alias::Form;

constexpr auto kAliases = std::to_array<Alias>({
    {"PGRST_DB_URI", "database.url"},
    {"PGRST_DB_SCHEMA", "rest.schemas"},
    {"PGRST_DB_SCHEMAS", "rest.schemas", Form::kSame, true},
    {"PGRST_DB_ANON_ROLE", "auth.anonymous_role", Form::kSame, true},
    {"PGRST_DB_EXTRA_SEARCH_PATH", "rest.extra_search_path", Form::kSame, true},
    {"PGRST_DB_MAX_ROWS", "rest.max_rows", Form::kSame, true},
    {"PGRST_DB_POOL", "database.connections_max"},
    {"PGRST_DB_POOL_ACQUISITION_TIMEOUT", "database.acquire_timeout", Form::kSeconds},
    {"PGRST_DB_POOL_MAX_IDLETIME", "database.idle_timeout", Form::kSeconds},
    {"PGRST_DB_POOL_MAX_LIFETIME", "database.lifetime_max", Form::kSeconds},
    {"PGRST_DB_PRE_REQUEST", "rest.pre_request", Form::kSame, true},
    {"PGRST_DB_PRE_CONFIG", "rest.pre_config"},
    {"PGRST_DB_ROOT_SPEC", "rest.root_spec", Form::kSame, true},
    {"PGRST_DB_TX_END", "rest.tx_end", Form::kSame, true},
    {"PGRST_DB_PLAN_ENABLED", "rest.plan_enabled", Form::kSame, true},
    {"PGRST_DB_AGGREGATES_ENABLED", "rest.aggregates_enabled", Form::kSame, true},
    {"PGRST_DB_PREPARED_STATEMENTS", "database.pooler", Form::kPooler, true},
    {"PGRST_DB_CHANNEL", "database.channel"},
    {"PGRST_DB_CONFIG", "database.config_in_database"},
    {"PGRST_JWT_SECRET", "auth.jwt_secret", Form::kSame, true},
    {"PGRST_JWT_SECRET_IS_BASE64", "auth.jwt_secret_is_base64", Form::kSame, true},
    {"PGRST_JWT_AUD", "auth.jwt_audience", Form::kSame, true},
    {"PGRST_JWT_ROLE_CLAIM_KEY", "auth.role_claim_key", Form::kSame, true},
    {"PGRST_JWT_CACHE_MAX_ENTRIES", "auth.jwt_cache_max_entries", Form::kSame, true},
    {"PGRST_LOG_LEVEL", "log.level", Form::kLogLevel},
    {"PGRST_OPENAPI_MODE", "rest.openapi_mode", Form::kSame, true},
    {"PGRST_OPENAPI_SECURITY_ACTIVE", "rest.openapi_security_active", Form::kSame, true},
    {"PGRST_OPENAPI_SERVER_PROXY_URI", "rest.openapi_server_proxy_uri", Form::kSame, true},
    {"PGRST_SERVER_CORS_ALLOWED_ORIGINS", "rest.cors_allowed_origins", Form::kSame, true},
    {"PGRST_SERVER_TRACE_HEADER", "rest.trace_header", Form::kSame, true},
    {"PGRST_SERVER_TIMING_ENABLED", "rest.server_timing_enabled", Form::kSame, true},
    {"PGRST_CLIENT_ERROR_VERBOSITY", "rest.client_error_verbosity", Form::kVerbosity, true},
    {"PGRST_URL_USE_LEGACY_TARGET_NAMES", "rest.legacy_target_names", Form::kSame, true},
});

constexpr std::string_view kAppSettingsVariable = "PGRST_APP_SETTINGS_";
constexpr std::string_view kAppSettingsInDatabase = "app.settings.";
constexpr std::string_view kAppSettings = "rest.app_settings";

bool Has(const std::vector<OptionRow>& rows, std::string_view option) {
  return std::any_of(rows.begin(), rows.end(), [&](const OptionRow& row) { return row.name == option; });
}

std::string Converted(const std::string& value, Form form) {
  switch (form) {
    case Form::kSame:
      return value;
    case Form::kSeconds: {
      const bool is_number = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
      return is_number ? value + "s" : value;
    }
    case Form::kLogLevel: {
      const std::string level = ToLower(value);
      return level == "crit" ? "error" : level;
    }
    case Form::kVerbosity:
      return value == "verbose" ? "postgrest" : value;
    case Form::kPooler: {
      const std::string prepared = ToLower(value);
      if (prepared == "false" || prepared == "0") return "transaction";
      return prepared == "true" || prepared == "1" ? "none" : value;
    }
  }
  return value;
}

// PostgREST binds one socket, and takes IPv4 for "*" where the machine has both.
std::string AddressOf(const std::string& host, const std::string& port) {
  if (host == "*" || host == "*4" || host == "!4") return "0.0.0.0:" + port;
  if (host == "*6" || host == "!6") return "[::]:" + port;
  const bool is_bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return (is_bare_ipv6 ? "[" + host + "]" : host) + ":" + port;
}

// The PGRST_ variables that are set, and which of them somebody has asked for.
class Variables {
 public:
  explicit Variables(const Environment& environment) {
    for (const auto& [name, value] : environment) {
      // Of a list an empty text is a value: no extra schema at all.
      const bool counts = !value.empty() || name == "PGRST_DB_EXTRA_SEARCH_PATH";
      if (name.starts_with("PGRST_") && counts) values_[name] = value;
    }
  }

  bool empty() const { return values_.empty(); }
  const std::map<std::string, std::string>& all() const { return values_; }
  std::optional<std::string> Take(std::string_view name) {
    const auto at = values_.find(std::string(name));
    if (at == values_.end()) return std::nullopt;
    taken_.insert(at->first);
    return at->second;
  }
  std::string Untaken() const {
    std::string names;
    for (const auto& [name, value] : values_) {
      if (!taken_.contains(name)) names += (names.empty() ? "" : ", ") + name;
    }
    return names;
  }

 private:
  std::map<std::string, std::string> values_;
  std::set<std::string> taken_;
};

std::vector<Setting> DefaultsOfPostgrest(const std::vector<OptionRow>& rows) {
  const std::string source = "PostgREST's default, because a PGRST_ variable is set";
  const std::vector<Setting> all = {
      {.option = "rest.prefix", .entry = {}, .value = Text{"/"}, .source = source},
      {.option = "http.listen", .entry = {}, .value = Text{"0.0.0.0:3000"}, .source = source},
      {.option = "auth.anonymous_role", .entry = {}, .value = Text{""}, .source = source},
      {.option = "rest.client_error_verbosity", .entry = {}, .value = Text{"postgrest"}, .source = source},
  };
  std::vector<Setting> defaults;
  for (const Setting& setting : all) {
    if (Has(rows, setting.option)) defaults.push_back(setting);
  }
  return defaults;
}

void ReadListeners(Variables& variables, const std::vector<OptionRow>& rows, std::vector<Setting>& settings) {
  const std::optional<std::string> host = variables.Take("PGRST_SERVER_HOST");
  const std::optional<std::string> port = variables.Take("PGRST_SERVER_PORT");
  if ((host || port) && Has(rows, "http.listen")) {
    settings.push_back({.option = "http.listen",
                        .entry = {},
                        .value = Text{AddressOf(host.value_or("!4"), port.value_or("3000"))},
                        .source = host && port ? "PGRST_SERVER_HOST, PGRST_SERVER_PORT"
                                  : port       ? "PGRST_SERVER_PORT"
                                               : "PGRST_SERVER_HOST"});
  }
  // Without a port PostgREST has no admin server; ours listens on the loopback address by default, which stays.
  const std::optional<std::string> admin_host = variables.Take("PGRST_ADMIN_SERVER_HOST");
  const std::optional<std::string> admin_port = variables.Take("PGRST_ADMIN_SERVER_PORT");
  if (admin_port && Has(rows, "admin.listen")) {
    settings.push_back({.option = "admin.listen",
                        .entry = {},
                        .value = Text{AddressOf(admin_host.value_or(host.value_or("!4")), *admin_port)},
                        .source = "PGRST_ADMIN_SERVER_PORT"});
  }
}

void ReadAppSettings(Variables& variables, const std::vector<OptionRow>& rows, std::vector<Setting>& settings) {
  if (!Has(rows, kAppSettings)) return;
  for (const auto& [name, value] : variables.all()) {
    if (name.size() <= kAppSettingsVariable.size() || !name.starts_with(kAppSettingsVariable)) continue;
    variables.Take(name);
    settings.push_back({.option = std::string(kAppSettings),
                        .entry = ToLower(std::string_view(name).substr(kAppSettingsVariable.size())),
                        .value = Text{value},
                        .source = name});
  }
}

// The alias of a setting in the database: "db_schemas" is PGRST_DB_SCHEMAS. Null when it may not stand there.
const Alias* AliasInDatabase(std::string_view name) {
  const auto is_it = [&](const Alias& alias) {
    return alias.in_database && ToLower(alias.variable.substr(std::string_view("PGRST_").size())) == name;
  };
  const auto alias = std::find_if(kAliases.begin(), kAliases.end(), is_it);
  return alias == kAliases.end() ? nullptr : &*alias;
}

}  // namespace

std::span<const Alias> PostgrestAliases() { return kAliases; }

PostgrestSettings ReadPostgrest(const Environment& environment, const std::vector<OptionRow>& rows) {
  PostgrestSettings read;
  Variables variables(environment);
  if (variables.empty()) return read;
  read.defaults = DefaultsOfPostgrest(rows);
  for (const Alias& alias : kAliases) {
    if (!Has(rows, alias.option)) continue;
    const std::optional<std::string> value = variables.Take(alias.variable);
    if (!value) continue;
    read.settings.push_back({.option = std::string(alias.option),
                             .entry = {},
                             .value = Text{Converted(*value, alias.form)},
                             .source = std::string(alias.variable)});
  }
  ReadListeners(variables, rows, read.settings);
  ReadAppSettings(variables, rows, read.settings);
  const std::string untaken = variables.Untaken();
  if (!untaken.empty()) read.warnings.push_back("Pando ignores these variables of PostgREST: " + untaken);
  return read;
}

PostgrestSettings ReadDatabaseSettings(const std::map<std::string, std::string>& database_settings,
                                       const std::vector<OptionRow>& rows) {
  PostgrestSettings read;
  std::string ignored;
  for (const auto& [name, value] : database_settings) {
    Setting setting{.option = {}, .entry = {}, .value = Text{value}, .source = "pgrst." + name + " in the database"};
    const Alias* alias = AliasInDatabase(name);
    if (alias != nullptr) {
      setting.option = std::string(alias->option);
      setting.value = Text{Converted(value, alias->form)};
    } else if (name.starts_with(kAppSettingsInDatabase) && name.size() > kAppSettingsInDatabase.size()) {
      setting.option = std::string(kAppSettings);
      setting.entry = name.substr(kAppSettingsInDatabase.size());
    }
    if (Has(rows, setting.option)) {
      read.settings.push_back(std::move(setting));
    } else {
      ignored += (ignored.empty() ? "" : ", ") + ("pgrst." + name);
    }
  }
  if (!ignored.empty()) read.warnings.push_back("Pando ignores these settings in the database: " + ignored);
  return read;
}

}  // namespace pando::config
