// Applies the migrations of an application to a database, and remembers in the table pando.migrations what it applied.
//
// Concurrency  executor-bound; the connections are the caller's and used by nobody else meanwhile. Two migrators at
//              once, on whatever machines, take turns: an advisory lock, which no migration can give up.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "migrate/files.h"
#include "migrate/status.h"
#include "net/task.h"

namespace pando::pg {
class Connection;
}

namespace pando::migrate {

// Reads only: a database to which nothing was ever applied is not touched.
Task<Result<std::vector<MigrationStatus>>> Status(pg::Connection& connection, std::vector<Migration> files,
                                                  Deadline deadline);

// Heard after each migration that was applied.
using Progress = std::function<void(const Migration& migration)>;

// Applies the pending ones in order, each in one transaction together with its row (but for those that ask for none),
// and returns how many. The role of the connection owns what they make. What one leaves in its session (settings,
// temporary tables, locks) is discarded. `guard` is a second connection to the same database, which holds the lock.
//   kMigrationInvalid  changed, missing or skipped ones; nothing was applied
//   kMigrationFailed   one failed: the message has the file, and the line where PostgreSQL names a place; detail and
//   hint
//                      are PostgreSQL's. It was rolled back, those before it stay. One without a transaction may have
//                      left half of itself, and is not recorded.
//   kRequestDeadline, kDatabaseConnectionLost   as Connection; also while another migrator is at work
Task<Result<size_t>> Up(pg::Connection& connection, pg::Connection& guard, std::vector<Migration> files,
                        Progress progress, Deadline deadline);

}  // namespace pando::migrate
