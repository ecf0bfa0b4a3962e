// A Connection is one connection to PostgreSQL on the event loop: an Exchange travels as a whole and comes back as a
// whole, in one round trip.
//
// Concurrency  executor-bound; one Exchange at a time.
// Ownership    single-owner (the Pool, or whoever opened it).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"
#include "pg/connect_options.h"
#include "pg/exchange.h"
#include "pg/notification.h"
#include "pg/rows.h"

namespace pando::pg {

class Connection {
 public:
  // The known settings (DateStyle ISO, IntervalStyle, extra_float_digits, bytea_output hex, client_encoding UTF8,
  // standard_conforming_strings, quote_all_identifiers, client_min_messages) are put into the start-up packet, so RESET
  // returns to them, and what ALTER DATABASE or ALTER ROLE says of them for the login role does not count.
  // Behind a pooler they are set once the connection stands.
  //   kDatabaseUnreachable  no server answered, or it is starting up     kSqlstate  the server refused (28*, 3D000,
  //   53300)                kPooler  a pooler answered, and options.pooler says that there is none
  static Task<Result<std::unique_ptr<Connection>>> Open(ConnectOptions options, Deadline deadline);
  virtual ~Connection() = default;

  // Runs the exchange; one Rows per command. On a failed command: the Error of PostgreSQL (kSqlstate, with detail and
  // hint), nothing of the exchange has effect, the connection stays usable.
  //   kRequestDeadline / kRequestCancelled  deadline passed / coroutine cancelled: a cancel request was sent over the
  //                           event loop and the connection is usable again, or broken if the server did not
  //                           stop within a second
  //   kDatabaseConnectionLost  the connection broke, and nothing of the exchange has effect
  //   kWriteUnknown           of one that writes and commits: its commit may have begun when the connection broke, or
  //                           it did not wait for the standby that was to confirm it
  //   kStandby                of one that writes: the server is a standby, and nothing of the exchange has effect
  //   kPooler                 the server process is another than before: nothing ran, and the connection is closed
  //   kHttpOverloaded         the answer found no room within five seconds (ConnectOptions::memory)
  //   kHttpAnswerTooLarge     and never can. The connection is broken then, in the middle of the answer, at which the
  //                           server undoes what the exchange wrote.
  // A prepared statement that the server no longer has (26000), or whose result type changed ("cached plan must not
  // change result type", 0A000), is prepared again and the exchange repeated once by itself. So is an exchange whose
  // switch of the session ran into a limit of time, up to three times: it may have been that of the session before.
  // What writes and commits is never stopped, for a stopped wait for a standby looks like success: past `deadline`, or
  // when the coroutine is cancelled, the connection breaks. Pool::Finish() leaves such an exchange to its end.
  // REQUIRES: usable(), no exchange in flight, no transaction held.
  virtual Task<Result<std::vector<Rows>>> Run(Exchange exchange, Deadline deadline) = 0;

  // Ends what Finish::kHold left open. Commit checks deferred constraints and may fail with their Error. That of an
  // exchange that writes is never stopped, and may be kWriteUnknown, as in Run().
  virtual Task<Result<void>> End(bool commit, Deadline deadline) = 0;

  // DISCARD ALL: forgets everything a function may have left (settings, role, locks, temporary tables, statements).
  // Behind a pooler that lends transactions the next exchange does it, within its transaction.
  virtual Task<Result<void>> Clean(Deadline deadline) = 0;

  // Many statements separated by semicolons, without parameters (migrations, set-up): one implicit transaction unless
  // the text has its own; one that it leaves open is rolled back and is an error (25001). A syntax error's line is in
  // the detail. What the text sets stays set without session() knowing: Clean() before anything else runs here.
  virtual Task<Result<void>> RunScript(std::string sql, Deadline deadline) = 0;

  // Waits for the next NOTIFY of a channel on which LISTEN was run.
  //   kRequestDeadline   none came            kDatabaseConnectionLost
  virtual Task<Result<Notification>> WaitNotification(Deadline deadline) = 0;

  // An exchange may have left something: Clean() before anybody else has the connection.
  virtual bool needs_cleaning() const { return false; }
  // An exchange has left what cannot be removed (Exchange::ends_session): to be closed and not lent again.
  virtual bool is_spent() const { return false; }
  // Set: the pooler does not keep its promise (ConnectOptions::pooler), and no connection of it can be relied on.
  virtual std::optional<Error> broken_promise() const { return std::nullopt; }
  // Of an exchange that has just failed on a command: the place of that command.
  virtual size_t failed_command() const { return 0; }
  virtual bool usable() const = 0;  // connected, and not in a held transaction
  // The server says that it is a standby (in_hot_standby). When that changes, the connection is not usable any more.
  virtual bool in_standby() const { return false; }
  // Asks the socket, without suspending: false when the server has closed a connection that was idle. Costs a system
  // call, so it is for connections that have not been used for a while.
  virtual bool alive() const { return usable(); }
  virtual int server_version() const = 0;  // 150018
  virtual int backend_pid() const = 0;
  virtual const SessionState& session() const = 0;
  virtual size_t statements_prepared() const = 0;
};

}  // namespace pando::pg
