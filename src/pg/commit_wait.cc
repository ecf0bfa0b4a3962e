#include "pg/commit_wait.h"

#include <charconv>
#include <vector>

#include "base/ascii.h"
#include "pg/connection.h"

namespace pando::pg {

namespace {

// The names of servers that stand in synchronous_standby_names end at any of these, quoted or not.
constexpr std::string_view kBetweenNames = " \t\n\r,()\"";

// A session sees what those of its own login role wait for (PostgreSQL documentation 28.2.3). One that has begun its
// transaction a second ago and waits now has waited that long, but for statements that took longer than the wait.
const Command& Question() {
  static const Command command{
      "SELECT pg_catalog.current_setting('synchronous_standby_names'), pg_catalog.count(*),"
      " pg_catalog.bool_or(xact_start < pg_catalog.clock_timestamp() - '1 second'::pg_catalog.interval)"
      " FROM pg_catalog.pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = session_user"
      " AND pg_catalog.current_setting('synchronous_standby_names') <> ''"};
  return command;
}

}  // namespace

Task<Result<CommitWatch>> WatchCommits(Connection& connection, Deadline deadline) {
  Exchange exchange;
  exchange.commands.push_back(Question());
  PANDO_CO_TRY(const std::vector<Rows> rows, co_await connection.Run(std::move(exchange), deadline));
  const Rows& row = rows.front();
  CommitWatch watch;
  watch.standby_names = row.Text(0, 0);
  watch.wait.for_standby = !watch.standby_names.empty();
  const std::string_view waiting = row.Text(0, 1);
  std::from_chars(waiting.data(), waiting.data() + waiting.size(), watch.waiting);
  watch.wait.is_long = row.Get(0, 2) == "t";  // NULL: none waits
  co_return watch;
}

bool CountsAsStandby(std::string_view standby_names, std::string_view application_name) {
  while (!standby_names.empty()) {
    const size_t end = std::min(standby_names.find_first_of(kBetweenNames), standby_names.size());
    const std::string_view name = standby_names.substr(0, end);
    if (name == "*" || (!name.empty() && ToLower(name) == ToLower(application_name))) return true;
    standby_names.remove_prefix(std::min(end + 1, standby_names.size()));
  }
  return false;
}

}  // namespace pando::pg
