// A Fingerprint is a short text that becomes another whenever the schema changes, or what a role may do: cheap enough
// to be asked for twice a second, where no stream tells of changes.
//
// It is made of the system catalogs' rows, user objects only: of relations their own columns (TRUNCATE and REFRESH
// change others), of everything else the transaction that wrote the row (xmin, PostgreSQL documentation 5.5). What is
// temporary does not count. It costs the database about 1 ms for 100 tables, 20 to 40 ms for 2,000.
//
// Concurrency  executor-bound
#pragma once

#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"

namespace pando::pg {
class Connection;
}

namespace pando::introspect {

struct Fingerprint {
  std::string seen_by;  // pg_current_snapshot() of the query
  std::string text;
  // Of the rows that were ever written to pg_auth_members, pg_authid and pg_database, by the statistics of the server:
  // tells of what was given and taken between two looks, which leaves no other sign, and after which PostgreSQL does
  // not plan a statement anew. It comes up to ten seconds after the session is idle, not at all with track_counts =
  // off, and moves by what was rolled back as well.
  std::string grants;
  // The settings with which the session began, as the configuration of the server has them now, and those of the login
  // role and of databases, which sessions that are open do not have. No row changes with them, and they decide what an
  // answer says: the configuration of a full-text search, a currency.
  std::string settings;
  // When the session read the server's configuration last, which may have settings of the application, too. Each
  // session has its own.
  std::string configured_at;
};

// `before` is what this connection answered last: while no transaction has ended since, it is not worked out again, but
// for a standby, which cannot tell.
//   as pg::Connection::Run
Task<Result<Fingerprint>> QueryFingerprint(pg::Connection& connection, Fingerprint before, Deadline deadline);

}  // namespace pando::introspect
