// Reads the messages of PostgreSQL's built-in logical decoding plugin, pgoutput, protocol version 2 with streaming of
// transactions in progress.
//
// Source       PostgreSQL's manual, "Logical Replication Message Formats" (55.9 in version 15)
// Concurrency  pure
// Ownership    what is read points into the message
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "pgtypes/oid.h"

namespace pando::changes {

// A position in the write-ahead log.
using Lsn = uint64_t;
// A transaction's number as messages carry it: 32 bits, which wrap around.
using Xid = uint32_t;

// A column's value as the log has it.
struct Cell {
  enum class Kind : uint8_t {
    kNull,
    kUnchanged,  // toasted, and not touched by the update: the value is not in the log
    kText,
  };
  Kind kind = Kind::kNull;
  std::string_view text;
};
using Tuple = std::vector<Cell>;  // of the columns that are published, in their order

enum class ReplicaIdentity : char { kDefault = 'd', kNothing = 'n', kFull = 'f', kIndex = 'i' };

struct RelationColumn {
  std::string_view name;
  bool in_identity = false;
  pgtypes::Oid type = 0;
};

namespace message {

struct Begin {
  Lsn final_lsn = 0;
  Xid xid = 0;
};
struct Commit {
  Lsn commit_lsn = 0;
  Lsn end_lsn = 0;
  int64_t commit_us = 0;  // microseconds since 2000-01-01 00:00 UTC
};
// Comes before the first change of a relation on a connection, and again after a change to the relation.
struct Relation {
  pgtypes::Oid relation = 0;
  std::string_view schema, name;  // an empty schema is pg_catalog
  ReplicaIdentity identity = ReplicaIdentity::kDefault;
  std::vector<RelationColumn> columns;
};
struct Insert {
  pgtypes::Oid relation = 0;
  Tuple after;
};
struct Update {
  pgtypes::Oid relation = 0;
  std::optional<Tuple> before;  // with `before_is_key` only identity columns count; nullopt: the identity is as it was
  bool before_is_key = false;
  Tuple after;
};
struct Delete {
  pgtypes::Oid relation = 0;
  Tuple before;
  bool before_is_key = false;
};
struct Truncate {
  std::vector<pgtypes::Oid> relations;
};
// pg_logical_emit_message(): anybody may send one.
struct Logical {
  bool transactional = false;
  Lsn lsn = 0;
  std::string_view prefix, content;
};
// What follows up to StreamStop belongs to a transaction that has not ended.
struct StreamStart {
  Xid xid = 0;  // of the top-level transaction
  bool first = false;
};
struct StreamStop {};
struct StreamCommit {
  Xid xid = 0;
  Commit commit;
};
// Of a subtransaction where the two differ.
struct StreamAbort {
  Xid xid = 0;
  Xid aborted = 0;
};
// Nothing that changes rows: an origin, a type.
struct Other {};

}  // namespace message

using Message = std::variant<message::Other, message::Begin, message::Commit, message::Relation, message::Insert,
                             message::Update, message::Delete, message::Truncate, message::Logical,
                             message::StreamStart, message::StreamStop, message::StreamCommit, message::StreamAbort>;

// `in_stream`: between StreamStart and StreamStop, where messages carry one field more: the transaction that did it, a
// subtransaction perhaps, which nobody here asks for.
//   kProtocol  it is none of these messages, or cut short, or longer than it says
Result<Message> ReadMessage(std::string_view bytes, bool in_stream);

}  // namespace pando::changes
