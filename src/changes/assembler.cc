#include "changes/assembler.h"

#include <algorithm>
#include <utility>

namespace pando::changes {
namespace {

Error OutOfPlace(const char* what) {
  return Error(ErrorId::kProtocol, std::string("logical replication sent ") + what + " in the wrong place");
}

std::shared_ptr<const Table> MakeTable(const message::Relation& relation) {
  auto table = std::make_shared<Table>();
  table->oid = relation.relation;
  table->schema = relation.schema.empty() ? "pg_catalog" : relation.schema;
  table->name = relation.name;
  table->identity = relation.identity;
  for (const RelationColumn& column : relation.columns) {
    table->columns.push_back({std::string(column.name), column.in_identity, column.type});
  }
  return table;
}

Row MakeRow(const Tuple& tuple) {
  Row row;
  row.reserve(tuple.size());
  for (const Cell& cell : tuple) row.push_back({cell.kind, std::string(cell.text)});
  return row;
}

size_t BytesOf(const std::optional<Row>& row) {
  if (!row) return 0;
  size_t bytes = row->size() * sizeof(Value);
  for (const Value& value : *row) bytes += value.text.size();
  return bytes;
}

size_t BytesOf(const Change& change) { return sizeof(Change) + BytesOf(change.before) + BytesOf(change.after); }

bool Fits(const std::optional<Row>& row, const Table& table) { return !row || row->size() == table.columns.size(); }

}  // namespace

Result<std::optional<Transaction>> Assembler::Feed(std::string_view bytes) {
  PANDO_TRY(Message message, ReadMessage(bytes, in_stream_));
  return std::visit([this](auto& content) { return Take(content); }, message);
}

Result<std::optional<Transaction>> Assembler::Take(message::Begin& begin) {
  if (current_) return OutOfPlace("the begin of a transaction");
  const auto [at, is_new] = open_.try_emplace(begin.xid);
  if (!is_new) return OutOfPlace("a transaction a second time");
  current_ = &at->second;
  current_->transaction.xid = begin.xid;
  return std::optional<Transaction>();
}

Result<std::optional<Transaction>> Assembler::Take(message::Commit& commit) {
  if (!current_ || in_stream_) return OutOfPlace("a commit");
  const auto ended = open_.find(current_->transaction.xid);
  return std::optional<Transaction>(End(ended, commit));
}

Result<std::optional<Transaction>> Assembler::Take(message::Relation& relation) {
  if (!current_) return OutOfPlace("a table");
  current_->tables.insert_or_assign(relation.relation, MakeTable(relation));
  return std::optional<Transaction>();
}

Result<std::optional<Transaction>> Assembler::Take(message::Insert& insert) {
  Change change;
  change.kind = Change::Kind::kInsert;
  change.after = MakeRow(insert.after);
  return Add(insert.relation, std::move(change));
}

Result<std::optional<Transaction>> Assembler::Take(message::Update& update) {
  Change change;
  change.kind = Change::Kind::kUpdate;
  if (update.before) change.before = MakeRow(*update.before);
  change.before_is_key = update.before_is_key;
  change.after = MakeRow(update.after);
  return Add(update.relation, std::move(change));
}

Result<std::optional<Transaction>> Assembler::Take(message::Delete& deleted) {
  Change change;
  change.kind = Change::Kind::kDelete;
  change.before = MakeRow(deleted.before);
  change.before_is_key = deleted.before_is_key;
  return Add(deleted.relation, std::move(change));
}

Result<std::optional<Transaction>> Assembler::Take(message::Truncate& truncate) {
  for (const pgtypes::Oid relation : truncate.relations) {
    Change change;
    change.kind = Change::Kind::kTruncate;
    PANDO_CHECK(Add(relation, std::move(change)));
  }
  return std::optional<Transaction>();
}

Result<std::optional<Transaction>> Assembler::Take(message::Logical& logical) {
  // Those outside of any transaction come at any time, also between Begin and Commit of one that has nothing to do
  // with them.
  if (!logical.transactional || logical.prefix != options_.message_prefix) return std::optional<Transaction>();
  if (!current_) return OutOfPlace("a message");
  const size_t bytes = sizeof(LogicalMessage) + logical.prefix.size() + logical.content.size();
  if (bytes_ + bytes > options_.bytes_max) return std::optional<Transaction>();
  current_->transaction.messages.push_back({std::string(logical.prefix), std::string(logical.content)});
  current_->bytes += bytes;
  bytes_ += bytes;
  return std::optional<Transaction>();
}

Result<std::optional<Transaction>> Assembler::Take(message::StreamStart& start) {
  if (current_) return OutOfPlace("a stream");
  const auto [at, is_new] = open_.try_emplace(start.xid);
  if (is_new != start.first) return OutOfPlace("a stream of another transaction");
  current_ = &at->second;
  current_->transaction.xid = start.xid;
  in_stream_ = true;
  return std::optional<Transaction>();
}

Result<std::optional<Transaction>> Assembler::Take(message::StreamStop&) {
  if (!in_stream_) return OutOfPlace("the end of a stream");
  in_stream_ = false;
  current_ = nullptr;
  return std::optional<Transaction>();
}

Result<std::optional<Transaction>> Assembler::Take(message::StreamCommit& commit) {
  const auto ended = open_.find(commit.xid);
  if (current_ || ended == open_.end()) return OutOfPlace("the commit of a stream");
  return std::optional<Transaction>(End(ended, commit.commit));
}

Result<std::optional<Transaction>> Assembler::Take(message::StreamAbort& abort) {
  const auto ended = open_.find(abort.xid);
  if (current_ || ended == open_.end()) return OutOfPlace("the end of a stream");
  if (abort.aborted != abort.xid) return std::optional<Transaction>();
  bytes_ -= ended->second.bytes;
  open_.erase(ended);
  return std::optional<Transaction>();
}

Result<std::optional<Transaction>> Assembler::Take(message::Other&) { return std::optional<Transaction>(); }

Result<std::shared_ptr<const Table>> Assembler::TableOf(pgtypes::Oid oid) const {
  const Tables& own = current_->tables;
  for (const Tables* tables : {&own, &tables_}) {
    const auto found = tables->find(oid);
    if (found != tables->end()) return found->second;
  }
  return OutOfPlace("a change of a table that it has not described");
}

Result<std::optional<Transaction>> Assembler::Add(pgtypes::Oid oid, Change change) {
  if (!current_) return OutOfPlace("a change");
  Open& open = *current_;
  PANDO_TRY(change.table, TableOf(oid));
  if (!Fits(change.before, *change.table) || !Fits(change.after, *change.table)) {
    return OutOfPlace("a row with other columns");
  }
  if (open.transaction.unlisted.contains(oid)) return std::optional<Transaction>();
  const size_t bytes = BytesOf(change);
  open.bytes += bytes;
  bytes_ += bytes;
  open.transaction.changes.push_back(std::move(change));
  if (++open.changes_of[oid] > options_.changes_max) Unlist(open, oid);
  if (bytes_ > options_.bytes_max) UnlistAll(open);
  return std::optional<Transaction>();
}

void Assembler::Unlist(Open& open, pgtypes::Oid oid) {
  size_t freed = 0;
  std::erase_if(open.transaction.changes, [&](const Change& change) {
    if (change.table->oid != oid) return false;
    freed += BytesOf(change);
    return true;
  });
  open.transaction.changes.shrink_to_fit();
  open.bytes -= freed;
  bytes_ -= freed;
  open.changes_of.erase(oid);
  open.transaction.unlisted.insert(oid);
}

void Assembler::UnlistAll(Open& open) {
  for (const Change& change : open.transaction.changes) {
    const size_t bytes = BytesOf(change);
    open.bytes -= bytes;
    bytes_ -= bytes;
    open.transaction.unlisted.insert(change.table->oid);
  }
  open.transaction.changes = {};
  open.changes_of.clear();
}

Transaction Assembler::End(std::map<Xid, Open>::iterator ended, const message::Commit& commit) {
  Open& open = ended->second;
  Transaction transaction = std::move(open.transaction);
  transaction.commit_lsn = commit.commit_lsn;
  transaction.end_lsn = commit.end_lsn;
  transaction.commit_us = commit.commit_us;
  for (auto& [oid, table] : open.tables) tables_.insert_or_assign(oid, std::move(table));
  bytes_ -= open.bytes;
  open_.erase(ended);
  current_ = nullptr;
  return transaction;
}

}  // namespace pando::changes
