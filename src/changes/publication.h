// Keeps the publication in step with the schema: the tables that are exposed, and those that exposed views look into,
// with their partitions and children, one by one. Never FOR ALL TABLES, which makes a user's UPDATE of a table without
// a key fail; partitions by themselves and not by their root, whose stream would not show the TRUNCATE of one. What is
// not exposed any more stays: another server may expose it. The publication is Pando's own: options, row filters and
// column lists that somebody gave it are taken back, for they hide changes.
//
// Concurrency  executor-bound; several servers may do so at the same time
// Bounds       kTablesPerStatement tables are locked at once, each for kLockTimeout at most
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"
#include "pgtypes/oid.h"

namespace pando::pg {
class Connection;
}

namespace pando::changes {

inline constexpr size_t kTablesPerStatement = 500;
inline constexpr milliseconds kLockTimeout{2000};

struct Unpublished {
  enum class Reason {
    kNoIdentity,  // an UPDATE could not be told from the row it changed
    kGenerated,   // the row has a name, but a generated column is part of it, which the log does not tell
    kUnlogged,    // nothing of it is in the log
    kNotOwned,    // by the role that publishes
  };
  std::string table;  // quoted, with its schema
  Reason reason = Reason::kNoIdentity;
};

// What to do about it, as SQL. `role` is the one that publishes.
std::string Cure(const Unpublished& unpublished, const std::string& role);

struct PublishedTable {
  pgtypes::Oid oid = 0;
  pgtypes::Oid membership = 0;  // another each time that it was added
  bool by_key = false;          // its identity is the primary key
};

// A table that shows rows of others: of its partitions, or of what inherits from it.
struct TableTree {
  pgtypes::Oid root = 0;
  std::vector<pgtypes::Oid> below;  // at any depth, what has no rows of its own left out
  bool published = false;           // all of these are
  bool has_rows = false;            // of its own: it is not partitioned
};

struct Publication {
  pgtypes::Oid epoch = 0;              // the epoch's table
  std::vector<PublishedTable> tables;  // published beside it, by Oid
  std::vector<TableTree> trees;
  // Of a snapshot in which they were. What was open then may have changed one of them before it was published, and is
  // never shown: only who sees at least this much may rely on the stream for a table that was added.
  uint64_t snapshot_xmax = 0;
  std::vector<Unpublished> unpublished;
  std::set<std::string> withdrawn;  // for PublishOptions of the next time
  std::string version;  // another each time that its options are altered: what happened before may not have been told
  bool was_restored = false;  // somebody had altered its options, or given a table a row filter or a column list
  std::string role;           // that publishes
  std::string database;       // as catalog::Snapshot::read_from
};

struct PublishOptions {
  std::vector<std::string> schemas;
  // Rules of the cache, which its tests switch off: tables whose identity the log does not tell stay out; and what
  // somebody altered is restored.
  bool only_identified = true;
  bool restores = true;
  // Tables that were taken out for a generated column. One that is published again stays, and does not count: a server
  // of an earlier version puts it back, and the two would go on without end.
  std::set<std::string> withdrawn;
};

// Adds and takes out what is due, and says what is published then. REQUIRES: Install() was done.
//   kSqlstate  55P03: a table is locked, try again later
//              42501: somebody altered the publication, and the role may not restore it
Task<Result<Publication>> Publish(pg::Connection& connection, PublishOptions options, Deadline deadline);

}  // namespace pando::changes
