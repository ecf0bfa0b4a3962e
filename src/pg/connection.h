// A Connection is one connection to PostgreSQL on the event loop: an Exchange travels as a whole and comes back as a
// whole, in one round trip.
//
// Concurrency  executor-bound; one Exchange at a time.
// Ownership    single-owner (the Pool, or whoever opened it).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"
#include "pg/rows.h"
#include "pg/sql_text.h"

namespace pando::pg {

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
  std::string role;         // empty: the login role
  std::string search_path;  // as SQL text ("\"api\", \"public\""); empty: as the connection started
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
  // When set, takes what has come of the commands' rows whenever some have, from the command at `first` on, and Run()
  // returns none. What a statement read is no less true when its transaction fails later; what it wrote is undone.
  // Run() may send an exchange twice, so that a place may come again. Outlives the call.
  const OnRows* on_rows = nullptr;
};

struct ConnectOptions {
  std::string uri;                                              // postgres://... or key=value, libpq's own
  std::vector<std::pair<std::string, std::string>> parameters;  // run-time settings of the start-up packet
  std::string application_name = "pando";
  uint32_t statements_max = 1000;  // prepared statements kept
  bool replication = false;        // logical replication, for a ReplicationSession
};

struct Notification {
  std::string channel;
  std::string payload;
};

class Connection {
 public:
  // The known settings (DateStyle ISO, IntervalStyle, extra_float_digits, bytea_output hex, client_encoding UTF8,
  // standard_conforming_strings, client_min_messages) are put into the start-up packet, so RESET returns to them.
  //   kDatabaseUnreachable  no server answered, or it is starting up     kSqlstate  the server refused (28*, 3D000,
  //   53300)
  static Task<Result<std::unique_ptr<Connection>>> Open(ConnectOptions options, Deadline deadline);
  virtual ~Connection() = default;

  // Runs the exchange; one Rows per command. On a failed command: the Error of PostgreSQL (kSqlstate, with detail and
  // hint), nothing of the exchange has effect, the connection stays usable.
  //   kRequestDeadline / kRequestCancelled  deadline passed / coroutine cancelled: a cancel request was sent over the
  //                           event loop and the connection is usable again, or broken if the server did not
  //                           stop within a second
  //   kDatabaseConnectionLost  the connection broke: the outcome of a commit in flight is unknown
  // A prepared statement that the server no longer has (26000), or whose result type changed ("cached plan must not
  // change result type", 0A000), is prepared again and the exchange repeated once by itself. So is an exchange whose
  // switch of the session ran into a limit of time, up to three times: it may have been that of the session before.
  // REQUIRES: usable(), no exchange in flight, no transaction held.
  virtual Task<Result<std::vector<Rows>>> Run(Exchange exchange, Deadline deadline) = 0;

  // Ends what Finish::kHold left open. Commit checks deferred constraints and may fail with their Error.
  virtual Task<Result<void>> End(bool commit, Deadline deadline) = 0;

  // DISCARD ALL: forgets everything a function may have left (settings, role, locks, temporary tables, statements).
  virtual Task<Result<void>> Clean(Deadline deadline) = 0;

  // Many statements separated by semicolons, without parameters (migrations, set-up): one implicit transaction unless
  // the text has its own; one that it leaves open is rolled back and is an error (25001). A syntax error's line is in
  // the detail. What the text sets stays set without session() knowing: Clean() before anything else runs here.
  virtual Task<Result<void>> RunScript(std::string sql, Deadline deadline) = 0;

  // Waits for the next NOTIFY of a channel on which LISTEN was run.
  //   kRequestDeadline   none came            kDatabaseConnectionLost
  virtual Task<Result<Notification>> WaitNotification(Deadline deadline) = 0;

  // Of an exchange that has just failed on a command: the place of that command.
  virtual size_t failed_command() const { return 0; }
  virtual bool usable() const = 0;  // connected, and not in a held transaction
  // Asks the socket, without suspending: false when the server has closed a connection that was idle. Costs a system
  // call, so it is for connections that have not been used for a while.
  virtual bool alive() const { return usable(); }
  virtual int server_version() const = 0;  // 150018
  virtual int backend_pid() const = 0;
  virtual const SessionState& session() const = 0;
  virtual size_t statements_prepared() const = 0;
};

// Quoted as an identifier / as a literal, for the few texts that cannot take a parameter. Any bytes are safe.
std::string QuoteIdentifier(std::string_view name);
std::string QuoteLiteral(std::string_view text);

}  // namespace pando::pg
