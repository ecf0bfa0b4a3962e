// An Assembler puts the messages of one replication connection together into transactions, each handed out when its
// commit has come. A large transaction comes in pieces, between those of others, while it is still in progress: its
// changes are kept until its end is known, within bounds.
//
// A subtransaction that is rolled back leaves its changes in: whoever is told of a change too many drops something that
// was good, which costs little, and it is rare. What must not count such changes asks the database.
//
// Concurrency  single-owner
// Bounds       changes_max changes of one table in one transaction, bytes_max of all that are kept; beyond them a table
//              is `unlisted`
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "changes/pgoutput.h"
#include "changes/transaction.h"

namespace pando::changes {

struct AssemblerOptions {
  size_t changes_max = 10'000;
  size_t bytes_max = size_t{64} << 20;
  std::string message_prefix;  // of the logical messages that are kept; all others are nobody's business
};

class Assembler {
 public:
  explicit Assembler(AssemblerOptions options) : options_(std::move(options)) {}

  // The transaction that this message ends, if it does.
  //   kProtocol  the message cannot be read, or does not belong here: the connection must begin anew
  Result<std::optional<Transaction>> Feed(std::string_view bytes);

  size_t bytes() const { return bytes_; }              // kept of transactions that have not ended
  size_t in_progress() const { return open_.size(); }  // such transactions

 private:
  using Tables = std::unordered_map<pgtypes::Oid, std::shared_ptr<const Table>>;
  struct Open {
    Transaction transaction;
    std::unordered_map<pgtypes::Oid, size_t> changes_of;  // listed
    // Tables as this transaction sees them. Its DDL is nobody else's before it commits.
    Tables tables;
    size_t bytes = 0;
  };

  Result<std::optional<Transaction>> Take(message::Begin& begin);
  Result<std::optional<Transaction>> Take(message::Commit& commit);
  Result<std::optional<Transaction>> Take(message::Relation& relation);
  Result<std::optional<Transaction>> Take(message::Insert& insert);
  Result<std::optional<Transaction>> Take(message::Update& update);
  Result<std::optional<Transaction>> Take(message::Delete& deleted);
  Result<std::optional<Transaction>> Take(message::Truncate& truncate);
  Result<std::optional<Transaction>> Take(message::Logical& logical);
  Result<std::optional<Transaction>> Take(message::StreamStart& start);
  Result<std::optional<Transaction>> Take(message::StreamStop& stop);
  Result<std::optional<Transaction>> Take(message::StreamCommit& commit);
  Result<std::optional<Transaction>> Take(message::StreamAbort& abort);
  Result<std::optional<Transaction>> Take(message::Other& other);

  Result<std::shared_ptr<const Table>> TableOf(pgtypes::Oid oid) const;
  Result<std::optional<Transaction>> Add(pgtypes::Oid oid, Change change);
  void Unlist(Open& open, pgtypes::Oid oid);
  void UnlistAll(Open& open);
  Transaction End(std::map<Xid, Open>::iterator ended, const message::Commit& commit);

  const AssemblerOptions options_;
  Tables tables_;
  std::map<Xid, Open> open_;  // by the top-level transaction
  Open* current_ = nullptr;   // the one that messages belong to now; null between transactions
  bool in_stream_ = false;
  size_t bytes_ = 0;
};

}  // namespace pando::changes
