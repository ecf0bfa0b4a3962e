#include "serve/settings.h"

#include <algorithm>
#include <bit>

#include "base/ascii.h"
#include "base/assert.h"
#include "base/json_text.h"
#include "catalog/observed.h"
#include "catalog/snapshot.h"
#include "pg/quote.h"
#include "pg/settings_select.h"
#include "rest/utf8.h"
#include "serve/role_settings.h"
#include "sql/statement.h"

namespace pando::serve {
namespace {

using catalog::Observed;
using pg::SettingsSelect;

// A field's value may hold any byte above the control characters, and PostgreSQL takes UTF-8 only. A byte that is not
// UTF-8 becomes U+FFFD. As Latin-1 the byte E9 would look like the UTF-8 bytes C3 A9, and a policy that compares a
// value with a text would take one for the other.
void AppendValue(std::string& json, std::string_view value) {
  if (rest::IsValidUtf8(value)) return AppendJsonString(json, value);
  AppendJsonString(json, rest::WithValidUtf8(value));
}

// Lower-case names; cookies have a setting of their own. Of a repeated header the last value shows.
std::string HeadersJson(const http::Headers& headers) {
  std::string json = "{";
  for (const auto& [name, value] : headers) {
    if (http::EqualsIgnoreCase(name, "cookie")) continue;
    if (json.size() > 1) json += ',';
    AppendJsonString(json, ToLower(name));
    json += ':';
    AppendValue(json, value);
  }
  return json + "}";
}

std::string CookiesJson(const http::Headers& headers) {
  std::string json = "{";
  for (std::string_view line : headers.FindAll("cookie")) {
    while (!line.empty()) {
      const size_t end = std::min(line.find(';'), line.size());
      const std::string_view pair = Trimmed(line.substr(0, end));
      line.remove_prefix(std::min(end + 1, line.size()));
      const size_t equals = pair.find('=');
      if (equals == std::string_view::npos || equals == 0) continue;
      if (json.size() > 1) json += ',';
      AppendValue(json, pair.substr(0, equals));
      json += ':';
      AppendValue(json, pair.substr(equals + 1));
    }
  }
  return json + "}";
}

constexpr const char* kRepeatableRead = "repeatable read";
constexpr const char* kStatementTimeout = "statement_timeout";

bool IsIsolation(const std::string& name) {
  return name == "default_transaction_isolation" || name == "transaction_isolation";
}

// Only the four levels of SQL, because the text cannot be a parameter.
std::optional<std::string> IsolationCommand(std::string level) {
  level = ToLower(level);
  for (const char* known : {"serializable", "repeatable read", "read committed", "read uncommitted"}) {
    if (level == known) return "SET TRANSACTION ISOLATION LEVEL " + level;
  }
  return std::nullopt;
}

constexpr const char* kDefaultReadOnly = "default_transaction_read_only";

// As PostgreSQL reads a boolean setting (documentation, 20.1.1).
bool IsOn(std::string_view value) {
  const std::string lower = ToLower(value);
  const auto begins = [&](std::string_view word) { return !lower.empty() && word.starts_with(lower); };
  return lower == "on" || lower == "1" || begins("true") || begins("yes");
}

bool IsRepeatable(std::string level) {
  level = ToLower(level);
  return level == "serializable" || level == kRepeatableRead;
}

void AddObserved(const SettingsInput& input, Observed observed, SettingsSelect& select) {
  if (Overlap(observed, Observed::kClaims)) select.Add("request.jwt.claims", input.principal.claims_json);
  if (Overlap(observed, Observed::kMethod)) select.Add("request.method", input.rest.method);
  if (Overlap(observed, Observed::kPath)) select.Add("request.path", std::string(input.http.path()));
  if (Overlap(observed, Observed::kHeaders)) select.Add("request.headers", HeadersJson(input.http.headers));
  if (Overlap(observed, Observed::kCookies)) select.Add("request.cookies", CookiesJson(input.http.headers));
  if (!Overlap(observed, Observed::kAppSettings)) return;
  for (const auto& [name, value] : input.options.app_settings) select.Add("app.settings." + name, value);
}

}  // namespace

std::string SearchPath(const std::string& schema, const std::vector<std::string>& extra) {
  std::string path = pg::QuoteIdentifier(schema);
  for (const std::string& name : extra) path += ", " + pg::QuoteIdentifier(name);
  return path;
}

milliseconds StatementTimeout(const http::Request& request, milliseconds limit) {
  const auto allowed = std::chrono::ceil<std::chrono::seconds>(request.deadline.at() - request.received_at);
  const milliseconds ours = allowed + std::chrono::seconds(1);
  return limit.count() > 0 ? std::min(ours, limit) : ours;
}

milliseconds WriteTimeout(const http::Request& request, milliseconds limit) {
  const auto left = std::chrono::floor<milliseconds>(request.deadline.left()).count();
  // Down to a multiple of its eighth, so that few differ.
  const int64_t unit = std::max<int64_t>(1, static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(left)) / 8));
  const milliseconds ours(std::max<int64_t>(1, left / unit * unit));
  return limit.count() > 0 ? std::min(ours, limit) : ours;
}

milliseconds StatementLimit(const SettingsInput& input) {
  milliseconds limit = input.role_limit;
  if (!input.function) return limit;
  for (const auto& [name, value] : input.function->settings) {
    if (name == kStatementTimeout) limit = ParseTimeout(value).value_or(limit);
  }
  return limit;
}

void AddSettings(const SettingsInput& input, pg::Exchange& exchange) {
  SettingsSelect select(SettingsSelect::Lasts::kTransaction);
  if (input.repeatable_read) exchange.isolation = *IsolationCommand(kRepeatableRead);
  bool read_only = input.read_only;
  const auto add_setting = [&](const std::string& name, const std::string& value) {
    // Is for transactions to come, and this one has begun.
    if (name == kDefaultReadOnly) {
      read_only = input.read_only || IsOn(value);
      return;
    }
    if (input.writes && name == kStatementTimeout) return;
    if (!IsIsolation(name)) {
      select.Add(name, value);
      return;
    }
    auto sql = IsolationCommand(value);
    if (!sql || (input.repeatable_read && !IsRepeatable(value))) return;
    exchange.isolation = *sql;  // the function's level, which comes second, wins over the role's
  };

  select.Add("search_path", SearchPath(input.rest.schema, input.options.extra_search_path));
  select.Add("role", input.principal.role);
  AddObserved(input, Observed::kEverything, select);
  const milliseconds timeout = input.writes ? WriteTimeout(input.http, StatementLimit(input))
                                            : StatementTimeout(input.http, input.catalog.snapshot().statement_timeout);
  select.Add(kStatementTimeout, std::to_string(timeout.count()));
  if (input.rest.preferences.timezone) select.Add("timezone", *input.rest.preferences.timezone);
  const auto& role_settings = input.catalog.snapshot().role_settings;
  if (auto found = role_settings.find(input.principal.role); found != role_settings.end()) {
    for (const auto& [name, value] : found->second) add_setting(name, value);
  }
  if (input.function) {
    for (const auto& [name, value] : input.function->settings) add_setting(name, value);
  }
  if (read_only) select.Add("transaction_read_only", "on");
  exchange.commands.push_back(select.Take());
}

std::optional<pg::Command> ObservedSettings(const SettingsInput& input, Observed observed) {
  PANDO_ASSERT(!Overlap(observed, Observed::kOther));
  SettingsSelect select(SettingsSelect::Lasts::kTransaction);
  AddObserved(input, observed, select);
  if (select.empty()) return std::nullopt;
  return select.Take();
}

pg::Command CallCommand(const std::string& name) {
  const size_t dot = name.find('.');
  const std::string quoted = dot == std::string::npos
                                 ? pg::QuoteIdentifier(name)
                                 : pg::QuoteIdentifier(std::string_view(name).substr(0, dot)) + "." +
                                       pg::QuoteIdentifier(std::string_view(name).substr(dot + 1));
  return pg::Command{"SELECT " + quoted + "(), " + std::string(sql::kRestoreEncoding), {}, true};
}

}  // namespace pando::serve
