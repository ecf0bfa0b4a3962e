#include "changes/pgoutput.h"

#include <string>

#include "base/byte_reader.h"

namespace pando::changes {
namespace {

Cell ReadCell(ByteReader& in) {
  switch (in.Byte()) {
    case 'n':
      return {};
    case 'u':
      return {Cell::Kind::kUnchanged, {}};
    case 't': {
      const uint32_t length = in.Int32();
      return {Cell::Kind::kText, in.Bytes(length)};
    }
    default:  // binary values are not asked for
      in.Refuse();
      return {};
  }
}

Tuple ReadTuple(ByteReader& in) {
  Tuple tuple(in.Count(in.Int16()));
  for (Cell& cell : tuple) cell = ReadCell(in);
  return tuple;
}

message::Commit ReadCommit(ByteReader& in) {
  in.Byte();  // flags, none so far
  message::Commit commit;
  commit.commit_lsn = in.Int64();
  commit.end_lsn = in.Int64();
  commit.commit_us = static_cast<int64_t>(in.Int64());
  return commit;
}

message::Begin ReadBegin(ByteReader& in) {
  message::Begin begin;
  begin.final_lsn = in.Int64();
  in.Int64();  // time of the commit, which Commit says as well
  begin.xid = in.Int32();
  return begin;
}

message::Relation ReadRelation(ByteReader& in) {
  message::Relation relation;
  relation.relation = in.Int32();
  relation.schema = in.Text();
  relation.name = in.Text();
  const auto identity = static_cast<char>(in.Byte());
  if (std::string_view("dnfi").find(identity) == std::string_view::npos) in.Refuse();
  relation.identity = static_cast<ReplicaIdentity>(identity);
  relation.columns.resize(in.Count(in.Int16()));
  for (RelationColumn& column : relation.columns) {
    column.in_identity = (in.Byte() & 1) != 0;
    column.name = in.Text();
    column.type = in.Int32();
    in.Int32();  // the type's modifier
  }
  return relation;
}

void ExpectNewRow(ByteReader& in) {
  if (in.Byte() != 'N') in.Refuse();
}

message::Insert ReadInsert(ByteReader& in) {
  message::Insert insert;
  insert.relation = in.Int32();
  ExpectNewRow(in);
  insert.after = ReadTuple(in);
  return insert;
}

message::Update ReadUpdate(ByteReader& in) {
  message::Update update;
  update.relation = in.Int32();
  const uint8_t which = in.Byte();
  if (which == 'K' || which == 'O') {
    update.before_is_key = which == 'K';
    update.before = ReadTuple(in);
    ExpectNewRow(in);
  } else if (which != 'N') {
    in.Refuse();
  }
  update.after = ReadTuple(in);
  return update;
}

message::Delete ReadDelete(ByteReader& in) {
  message::Delete deleted;
  deleted.relation = in.Int32();
  const uint8_t which = in.Byte();
  if (which != 'K' && which != 'O') in.Refuse();
  deleted.before_is_key = which == 'K';
  deleted.before = ReadTuple(in);
  return deleted;
}

message::Truncate ReadTruncate(ByteReader& in) {
  message::Truncate truncate;
  const uint32_t count = in.Int32();
  in.Byte();  // CASCADE, RESTART IDENTITY
  truncate.relations.resize(in.Count(count));
  for (pgtypes::Oid& relation : truncate.relations) relation = in.Int32();
  return truncate;
}

message::Logical ReadLogical(ByteReader& in) {
  message::Logical logical;
  logical.transactional = (in.Byte() & 1) != 0;
  logical.lsn = in.Int64();
  logical.prefix = in.Text();
  const uint32_t length = in.Int32();
  logical.content = in.Bytes(length);
  return logical;
}

message::StreamStart ReadStreamStart(ByteReader& in) {
  message::StreamStart start;
  start.xid = in.Int32();
  start.first = in.Byte() == 1;
  return start;
}

message::StreamCommit ReadStreamCommit(ByteReader& in) {
  message::StreamCommit streamed;
  streamed.xid = in.Int32();
  streamed.commit = ReadCommit(in);
  return streamed;
}

message::StreamAbort ReadStreamAbort(ByteReader& in) {
  message::StreamAbort abort;
  abort.xid = in.Int32();
  abort.aborted = in.Int32();
  return abort;
}

message::Other ReadOrigin(ByteReader& in) {
  in.Int64();
  in.Text();
  return {};
}

message::Other ReadType(ByteReader& in) {
  in.Int32();
  in.Text();
  in.Text();
  return {};
}

bool CarriesXid(uint8_t kind) {
  return std::string_view("RYIUDTM").find(static_cast<char>(kind)) != std::string_view::npos;
}

void ReadContent(uint8_t kind, ByteReader& in, Message& message) {
  switch (kind) {
    case 'B':
      message = ReadBegin(in);
      break;
    case 'C':
      message = ReadCommit(in);
      break;
    case 'R':
      message = ReadRelation(in);
      break;
    case 'I':
      message = ReadInsert(in);
      break;
    case 'U':
      message = ReadUpdate(in);
      break;
    case 'D':
      message = ReadDelete(in);
      break;
    case 'T':
      message = ReadTruncate(in);
      break;
    case 'M':
      message = ReadLogical(in);
      break;
    case 'S':
      message = ReadStreamStart(in);
      break;
    case 'E':
      message = message::StreamStop{};
      break;
    case 'c':
      message = ReadStreamCommit(in);
      break;
    case 'A':
      message = ReadStreamAbort(in);
      break;
    case 'O':
      message = ReadOrigin(in);
      break;
    case 'Y':
      message = ReadType(in);
      break;
    default:
      in.Refuse();
  }
}

}  // namespace

Result<Message> ReadMessage(std::string_view bytes, bool in_stream) {
  ByteReader in(bytes);
  const uint8_t kind = in.Byte();
  Message message;
  if (in_stream && CarriesXid(kind)) in.Int32();
  ReadContent(kind, in, message);
  if (in.AtEnd()) return message;
  const std::string shown =
      kind >= 0x20 && kind < 0x7f ? std::string(1, static_cast<char>(kind)) : std::to_string(kind);
  return Error(ErrorId::kProtocol, "a message of logical replication cannot be read")
      .WithDetail("Its kind is " + shown + ", its length " + std::to_string(bytes.size()) + " bytes.");
}

}  // namespace pando::changes
