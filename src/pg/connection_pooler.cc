// What a ConnectionImpl does about a pooler: recognises it, and leaves nothing on the servers that it lends.
#include <charconv>
#include <string>
#include <utility>

#include "base/random.h"
#include "pg/connection_impl.h"
#include "pg/known_settings.h"
#include "pg/settings_select.h"

namespace pando::pg {

namespace {

void AddKnown(SettingsSelect& select) {
  select.Add("client_encoding", std::string(kClientEncoding));
  for (const auto& [name, value] : kKnownSettings) select.Add(name, std::string(value));
}

// In this order: what a function made as another role ends first. RESET ALL leaves the role as it is. None of them ends
// statements that a function prepared by SQL, for those of other clients of the pooler would go too.
constexpr const char* kErasure[] = {
    "SET CONSTRAINTS ALL IMMEDIATE",
    "RESET SESSION AUTHORIZATION",
    "RESET ROLE",
    "RESET ALL",
    "CLOSE ALL",
    "UNLISTEN *",
    "DISCARD TEMP",
    "DISCARD SEQUENCES",
    "SELECT pg_catalog.pg_advisory_unlock_all()",
};

// Marks a session as ours. Two clients of a pooler may be lent the same server process in turn.
constexpr std::string_view kMark = "pando.session";

Error SessionsAreNotLent() {
  return Error(ErrorId::kPooler,
               "database.pooler is \"session\", and the pooler lends its server connections for less than a session")
      .WithHint("set database.pooler to \"transaction\", or let the pooler lend sessions, and start Pando again");
}

}  // namespace

Error PoolerFound() {
  return Error(ErrorId::kPooler, "there is a pooler between Pando and PostgreSQL, but database.pooler is \"none\"")
      .WithHint(
          "set database.pooler to \"transaction\", or to \"session\" where the pooler lends whole sessions; migrations "
          "and "
          "changes.url need the database itself");
}

Task<Result<void>> ConnectionImpl::Begin(Deadline deadline) {
  if (pooler_ == Pooler::kTransaction) co_return Result<void>();
  if (pooler_ == Pooler::kSession) {
    mark_ = RandomText(16, "0123456789abcdef");
    // The pooler may have let somebody else leave things there.
    PANDO_CO_CHECK(co_await Clean(deadline));
  }
  PANDO_CO_TRY(const std::optional<int> pid, co_await AskServerProcess(deadline));
  if (pooler_ == Pooler::kNone && pid != backend_pid_) co_return PoolerFound();
  if (pooler_ == Pooler::kSession || proves_process_) lent_pid_ = pid;
  co_return Result<void>();
}

Task<Result<std::optional<int>>> ConnectionImpl::AskServerProcess(Deadline deadline) {
  Exchange exchange;
  exchange.commands.push_back(Command{"SELECT pg_catalog.pg_backend_pid()", {}, false});
  PANDO_CO_TRY(const std::vector<Rows> rows, co_await Run(std::move(exchange), deadline));
  const std::string_view text = rows.front().Text(0, 0);
  int pid = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), pid);
  std::optional<int> told;
  if (failure == std::errc()) told = pid;
  co_return told;
}

// First in its transaction, which runs on one server process whatever the pooler lends.
void ConnectionImpl::QueueGuard() {
  if (!lent_pid_) return;
  std::string sql = "SELECT 1 / (pg_catalog.pg_backend_pid() = " + std::to_string(*lent_pid_);
  // A session that is not marked was reset, and is in nobody's state.
  if (!mark_.empty()) {
    sql += " AND pg_catalog.current_setting('" + std::string(kMark) + "', true) IS NOT DISTINCT FROM '" + mark_ + "'";
  }
  pipeline_.AddText(sql + ")::pg_catalog.int4", Duty::kGuard);
}

// Everything that the exchange relies on, for its transaction alone.
void ConnectionImpl::QueueLocal(const SessionState& wanted) {
  SettingsSelect select(SettingsSelect::Lasts::kTransaction);
  AddKnown(select);
  select.Add("statement_timeout", std::to_string(wanted.statement_timeout.count()));
  select.Add("role", wanted.role.value_or("none"));
  select.Add("row_security", "on");
  if (wanted.settings) {
    for (const auto& [name, value] : *wanted.settings) select.Add(name, value);
  }
  if (!wanted.search_path.empty()) select.Add("search_path", wanted.search_path);
  pipeline_.Add(select.Take(), Duty::kSupport);
}

void ConnectionImpl::QueueErasure() {
  for (const char* sql : kErasure) pipeline_.AddText(sql, Duty::kSupport);
}

// After DISCARD ALL, which takes them away.
Task<Result<void>> ConnectionImpl::SetKnown(Deadline deadline) {
  SettingsSelect select(SettingsSelect::Lasts::kSession);
  AddKnown(select);
  select.Add(kMark, mark_);
  Exchange exchange;
  exchange.commands.push_back(select.Take());
  // The mark is gone until it has run.
  const std::optional<int> lent_pid = std::exchange(lent_pid_, std::nullopt);
  const Result<std::vector<Rows>> set = co_await Run(std::move(exchange), deadline);
  lent_pid_ = lent_pid;
  if (!set) co_return set.error();
  co_return Result<void>();
}

Error ConnectionImpl::GiveUpOnPooler() {
  broken_promise_ = pooler_ == Pooler::kSession ? SessionsAreNotLent() : PoolerFound();
  Break();
  return *broken_promise_;
}

}  // namespace pando::pg
