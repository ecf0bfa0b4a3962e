// An Exchange is what travels to PostgreSQL as a whole: commands, the session that they need, and how it ends.
//
// Concurrency  single-owner
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "pg/sql_text.h"

namespace pando::pg {

class Rows;

// A parameter in text format; nullopt is NULL. Its type is left to the server to infer.
using Parameter = std::optional<std::string>;

struct Command {
  SqlText sql;
  std::vector<Parameter> parameters = {};
  // Keep the statement prepared on the connection, found again by its text (bounded, least recently used goes).
  bool prepare = true;
  // Columns of date, timestamp and, where the session's TimeZone is UTC, timestamptz may come in binary (RowColumn),
  // which costs the server half as much. REQUIRES: nothing in the exchange sets TimeZone
  bool binary_times = false;
};

using SessionSettings = std::vector<std::pair<std::string, std::string>>;  // values as text, by name

// What stays set on the connection between exchanges. A connection that has it needs no settings for a plain read.
struct SessionState {
  std::optional<std::string> role;  // nullopt: the login role
  std::string search_path;          // as SQL text ("\"api\", \"public\""); empty: as the connection started
  // 0: as the connection started; also for an exchange that names no session, whoever had the connection before.
  milliseconds statement_timeout{0};
  // Others, made once the role is taken, and reset before it is left or by an exchange that names no session. Null:
  // none. REQUIRES: none of those above, none of the known ones (Open()), and none that tells in which transactions
  // statements run
  std::shared_ptr<const SessionSettings> settings = nullptr;

  bool HasSettingsOf(const SessionState& other) const {
    return settings == other.settings || (settings && other.settings && *settings == *other.settings);
  }
  friend bool operator==(const SessionState& a, const SessionState& b) {
    return a.role == b.role && a.search_path == b.search_path && a.statement_timeout == b.statement_timeout &&
           a.HasSettingsOf(b);
  }
};

// How an exchange ends.
enum class Finish {
  kCommit,    // one implicit transaction, committed by its Sync; an error anywhere rolls all back
  kRollback,  // runs in BEGIN ... ROLLBACK; deferred constraints are checked first
  kHold,      // runs after BEGIN and stays open: the caller looks at the rows and calls End()
};

using OnRows = std::function<void(size_t first, std::vector<Rows> rows)>;

struct Exchange {
  std::vector<Command> commands;
  Finish finish = Finish::kCommit;
  // When set and not what the connection has: switched first, in the same flush and the same transaction, so nothing
  // runs when the switch fails. Kept afterwards if the exchange takes effect; never after kRollback.
  std::optional<SessionState> session;
  // SET TRANSACTION ..., which must come before any query: sent first of all. Empty: as the database has it.
  std::string isolation = {};
  // The commands may leave something on their connection: settings, locks, temporary tables. Behind a pooler that lends
  // transactions it is removed within the same transaction, elsewhere by Clean() before anybody else has the
  // connection.
  bool leaves_traces = false;
  // What the commands leave cannot be removed: the connection is closed before anybody else has it. A pooler goes on
  // lending its own.
  bool ends_session = false;
  // It may write, and its commit may wait for a standby: see Connection::Run() and Connection::End().
  bool writes = false;
  // Triggers may be deferred to its commit, where no limit of time holds: they run before that.
  bool runs_deferred = false;
  // When set, takes what has come of the commands' rows whenever some have, from the command at `first` on, and Run()
  // returns none. What a statement read is no less true when its transaction fails later; what it wrote is undone.
  // Run() may send an exchange twice, so that a place may come again. Outlives the call.
  const OnRows* on_rows = nullptr;

  // Its end may be a write that is committed.
  bool commits_write() const { return writes && finish == Finish::kCommit; }
};

}  // namespace pando::pg
