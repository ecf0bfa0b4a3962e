// A Transaction is what one committed transaction changed in the published tables, in the order in which it did.
//
// Concurrency  immutable
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "changes/pgoutput.h"

namespace pando::changes {

// A table as it stood when the change was made.
struct Table {
  struct Column {
    std::string name;
    bool in_identity = false;
    pgtypes::Oid type = 0;
  };
  pgtypes::Oid oid = 0;
  std::string schema, name;
  ReplicaIdentity identity = ReplicaIdentity::kDefault;
  std::vector<Column> columns;
};

// A column's value in PostgreSQL's text form.
struct Value {
  Cell::Kind kind = Cell::Kind::kNull;
  std::string text;
};
using Row = std::vector<Value>;  // as Table::columns

struct Change {
  enum class Kind : uint8_t { kInsert, kUpdate, kDelete, kTruncate };
  Kind kind = Kind::kInsert;
  std::shared_ptr<const Table> table;
  // Of updates and deletes: the row as it was. Of an update without it the identity is as in `after`.
  std::optional<Row> before;
  bool before_is_key = false;  // of `before` only the columns of the identity are known
  std::optional<Row> after;    // of inserts and updates
};

// What pg_logical_emit_message() sent in it, under a prefix that was asked for.
struct LogicalMessage {
  std::string prefix, content;
};

struct Transaction {
  Xid xid = 0;  // of the top-level transaction
  Lsn commit_lsn = 0;
  Lsn end_lsn = 0;        // confirmed, the server needs none of it any more
  int64_t commit_us = 0;  // microseconds since 2000-01-01 00:00 UTC, by the server's clock
  std::vector<Change> changes;
  // Tables with more changes than are kept: anything in them may have changed, and none of it is in `changes`.
  std::set<pgtypes::Oid> unlisted;
  std::vector<LogicalMessage> messages;
};

}  // namespace pando::changes
