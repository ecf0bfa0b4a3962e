#include "pg/pipeline.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "pg/database_error.h"
#include "pgtypes/oid.h"
#include "pgtypes/sqlstate.h"

namespace pando::pg {

namespace sqlstate = pgtypes::sqlstate;

namespace {

constexpr const char* kSenseless = "the server sent a message that cannot be read";
constexpr const char* kCopy = "the command asked for a COPY, which an exchange cannot carry";

bool ComesInBinary(uint32_t type, bool in_utc) {
  namespace oid = pgtypes::oid;
  return type == oid::kDate || type == oid::kTimestamp || (type == oid::kTimestamptz && in_utc);
}

// How its rows are asked for. REQUIRES: statement.columns
std::shared_ptr<const RowColumns> WithBinaryTimes(StatementCache::Statement& statement, bool in_utc) {
  if (statement.binary_times && statement.binary_times_in_utc == in_utc) return statement.binary_times;
  auto columns = std::make_shared<RowColumns>(*statement.columns);
  for (RowColumn& column : *columns) column.binary = ComesInBinary(column.type, in_utc);
  statement.binary_times = std::move(columns);
  statement.binary_times_in_utc = in_utc;
  return statement.binary_times;
}

}  // namespace

void AnswerReader::ResetReader() {
  error_.reset();
  connection_ended_ = false;
}

void AnswerReader::TakeError(const ErrorFields& fields) {
  if (EndsConnection(fields)) connection_ended_ = true;
  if (!error_) error_ = ErrorOfFields(fields);
}

void AnswerReader::LoseTrack(const char* what) {
  connection_ended_ = true;
  if (!error_) error_ = Error(ErrorId::kProtocol, what);
}

void Pipeline::Reset(Wire& wire, const OnRows* on_rows) {
  ResetReader();
  wire_ = &wire;
  on_rows_ = on_rows;
  answered_ = 0;
  steps_.clear();
  next_ = 0;
  rows_.clear();
  rows_bytes_ = 0;
  failed_ = nullptr;
  stale_ = Stale::kNo;
  stopped_in_support_ = false;
  stopped_by_guard_ = false;
  in_recovery_ = false;
  ended_before_sync_ = false;
}

void Pipeline::Add(const Command& command, Duty duty) {
  Outbox& out = wire_->out();
  if (!command.prepare || !names_statements_) {
    out.Parse("", command.sql.view());
    out.Bind("", command.parameters, nullptr);
    out.DescribePortal();
    out.Execute();
    steps_.push_back(Step{Kind::kExecute, duty});
    return;
  }
  Statement* statement = Prepare(command.sql, duty);
  Step step{Kind::kExecute, duty, statement};
  if (command.binary_times && statement->columns) step.columns = WithBinaryTimes(*statement, wire_->in_utc());
  out.Bind(statement->name, command.parameters, step.columns.get());
  out.Execute();
  steps_.push_back(std::move(step));
}

// The statement of that text; asks for it when the server has not got it.
StatementCache::Statement* Pipeline::Prepare(const SqlText& sql, Duty duty) {
  if (Statement* known = statements_.Find(sql)) return known;
  Statement* statement = statements_.Add(sql);
  wire_->out().Parse(statement->name, sql.view());
  wire_->out().DescribeStatement(statement->name);
  steps_.push_back(Step{Kind::kPrepare, duty, statement});
  return statement;
}

void Pipeline::AddText(std::string_view sql, Duty duty) { Add(Command{std::string(sql), {}, false}, duty); }

void Pipeline::Sync(Duty duty) {
  wire_->out().Sync();
  steps_.push_back(Step{Kind::kSync, duty});
}

bool Pipeline::Read(Wire& wire) {
  ReadMore(wire);
  if (on_rows_ && !rows_.empty()) {
    const size_t first = answered_ - rows_.size();
    (*on_rows_)(first, TakeRows());
  }
  return next_ == steps_.size() || connection_ended_;
}

void Pipeline::ReadMore(Wire& wire) {
  while (next_ < steps_.size() && !connection_ended_) {
    const std::optional<Message> message = wire.Next();
    if (!message) {
      if (!wire.readable()) LoseTrack(kSenseless);
      return;
    }
    Take(*message);
  }
}

// What each step is answered with: kPrepare with ParseComplete (1), ParameterDescription (t), and RowDescription (T) or
// NoData (n); kExecute with BindComplete (2), DataRow (D) for each row, and CommandComplete (C) or EmptyQueryResponse
// (I), an unnamed one with 1 and T or n as well; kSync with ReadyForQuery (Z). Any of them with an ErrorResponse (E).
void Pipeline::Take(const Message& message) {
  Step& step = steps_[next_];
  const bool executes = step.kind == Kind::kExecute;
  switch (message.type) {
    case '1':
      if (step.kind == Kind::kPrepare) step.statement->prepared = true;
      return;
    case 't':
      return;
    case '2':
      if (executes && step.statement) builder_.Begin(step.columns ? step.columns : step.statement->columns);
      return;
    case 'T':
    case 'n':
      return TakeColumns(step, message.body);
    case 'D':
      if (!executes || !builder_.AddMessage(message.body)) LoseTrack(kSenseless);
      return;
    case 'C':
    case 'I':
      return executes ? EndRows(step, message.body) : LoseTrack(kSenseless);
    case 'Z':
      if (step.kind != Kind::kSync) return LoseTrack("the server ended a pipeline too early");
      ++next_;
      return;
    case 'E':
      return TakeFailure(ReadErrorFields(message.body));
    case 'G':
    case 'H':
    case 'W':
      return LoseTrack(kCopy);
    default:
      return LoseTrack(kSenseless);
  }
}

void Pipeline::TakeColumns(Step& step, std::string_view body) {
  // NoData has no body.
  std::optional<RowColumns> columns = body.empty() ? RowColumns() : ReadColumns(body);
  if (!columns || step.kind == Kind::kSync) return LoseTrack(kSenseless);
  auto known = std::make_shared<const RowColumns>(std::move(*columns));
  if (step.kind == Kind::kExecute) return builder_.Begin(std::move(known));
  step.statement->columns = std::move(known);
  ++next_;
}

void Pipeline::EndRows(const Step& step, std::string_view tag) {
  ++next_;
  if (step.duty == Duty::kEnd) {
    const Rows end = builder_.Take();
    in_recovery_ = end.size() == 1 && end.Text(0, 1) == "t";
  }
  if (step.duty != Duty::kAnswer) return;
  builder_.SetAffected(ReadAffected(tag));
  ++answered_;
  rows_.push_back(builder_.Take());
  rows_bytes_ += rows_.back().text_bytes();
}

void Pipeline::TakeFailure(const ErrorFields& fields) {
  Step& step = steps_[next_];
  const bool counts = step.duty != Duty::kAside || EndsConnection(fields);
  if (EndsConnection(fields)) ended_before_sync_ = step.kind != Kind::kSync;
  if (counts) {
    if (!error_ && step.statement && step.statement->prepared) NoteStale(fields, step.statement);
    if (!error_ && answered_ == 0) {
      const bool is_support = step.duty == Duty::kSupport || step.duty == Duty::kGuard;
      stopped_in_support_ = is_support && fields.sqlstate == sqlstate::kQueryCanceled;
      stopped_by_guard_ = step.duty == Duty::kGuard && fields.sqlstate == sqlstate::kDivisionByZero;
    }
    TakeError(fields);
  }
  SkipSegment();
}

// The server skips what stands before the next Sync.
void Pipeline::SkipSegment() {
  for (; next_ < steps_.size() && steps_[next_].kind != Kind::kSync; ++next_) {
    const Step& step = steps_[next_];
    if (step.kind == Kind::kPrepare && !step.statement->prepared) statements_.Forget(step.statement);
  }
}

void Pipeline::NoteStale(const ErrorFields& fields, Statement* statement) {
  failed_ = statement;
  if (fields.sqlstate == sqlstate::kInvalidStatementName) {
    stale_ = Stale::kUnknownToServer;
  } else if (fields.sqlstate == sqlstate::kFeatureNotSupported && fields.routine == "RevalidateCachedQuery") {
    stale_ = Stale::kResultTypeChanged;
  }
}

bool Pipeline::DropStaleStatement() {
  if (stale_ == Stale::kNo || connection_ended_) return false;
  PANDO_ASSERT(next_ == steps_.size());
  if (stale_ == Stale::kUnknownToServer) {
    // Somebody ran DEALLOCATE or DISCARD: the others are gone too, most likely.
    statements_.RetireAll();
  } else {
    statements_.Retire(failed_);
  }
  return true;
}

bool ScriptReader::Read(Wire& wire) {
  while (!connection_ended_) {
    const std::optional<Message> message = wire.Next();
    if (!message) {
      if (!wire.readable()) LoseTrack(kSenseless);
      return connection_ended_;
    }
    switch (message->type) {
      case 'Z':
        return true;
      case 'E':
        TakeScriptError(ReadErrorFields(message->body));
        break;
      case 'G':
        // The server answers with an error, which ends the script.
        wire.out().CopyFail("a script cannot carry the data of a COPY");
        break;
      case 'H':
      case 'W':
        LoseTrack("a script cannot take the data of a COPY");
        break;
      default:
        break;
    }
  }
  return true;
}

void ScriptReader::TakeScriptError(const ErrorFields& fields) {
  if (error_) return;
  TakeError(fields);
  if (fields.position.empty() || error_->detail()) return;
  // Counted in characters; lines are found in bytes. UTF-8 continuation bytes are not characters.
  long left = 0;
  std::from_chars(fields.position.data(), fields.position.data() + fields.position.size(), left);
  --left;
  int line = 1;
  for (char c : script_) {
    const bool continuation = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continuation && left-- <= 0) break;
    if (c == '\n') ++line;
  }
  error_ = error_->WithDetail("at line " + std::to_string(line));
}

}  // namespace pando::pg
