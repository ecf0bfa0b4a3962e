#include "pg/pipeline.h"

#include <algorithm>
#include <cstdlib>

#include "base/assert.h"
#include "pg/database_error.h"
#include "pgtypes/sqlstate.h"

namespace pando::pg {

namespace sqlstate = pgtypes::sqlstate;

void ResultReader::ResetReader() {
  error_.reset();
  connection_ended_ = false;
  result_bytes_max_ = 0;
}

void ResultReader::TakeError(const PGresult* result) {
  if (EndsConnection(result)) connection_ended_ = true;
  if (!error_) error_ = ErrorOfResult(result);
}

void ResultReader::LoseTrack(const char* what) {
  connection_ended_ = true;
  if (!error_) error_ = Error(ErrorId::kProtocol, what);
}

void Pipeline::Reset(PGconn* connection, const OnRows* on_rows) {
  ResetReader();
  connection_ = connection;
  on_rows_ = on_rows;
  answered_ = 0;
  steps_.clear();
  next_ = 0;
  rows_.clear();
  failed_ = nullptr;
  stale_ = Stale::kNo;
  queued_ = true;
}

void Pipeline::Add(const Command& command, Duty duty) {
  if (!queued_) return;
  values_.clear();
  for (const Parameter& parameter : command.parameters) values_.push_back(parameter ? parameter->c_str() : nullptr);
  const int count = static_cast<int>(values_.size());
  int sent = 0;
  StatementCache::Statement* statement = nullptr;
  if (command.prepare) {
    statement = Prepare(command.sql, duty);
    if (!queued_) return;
    sent = PQsendQueryPrepared(connection_, statement->name.c_str(), count, values_.data(), nullptr, nullptr, 0);
  } else {
    sent = PQsendQueryParams(connection_, command.sql.c_str(), count, nullptr, values_.data(), nullptr, nullptr, 0);
  }
  steps_.push_back(Step{Kind::kExecute, duty, false, statement});
  queued_ = sent == 1;
}

// The statement of that text; its Parse is queued when the connection has not got it.
StatementCache::Statement* Pipeline::Prepare(const std::string& sql, Duty duty) {
  if (StatementCache::Statement* known = statements_.Find(sql)) return known;
  StatementCache::Statement* statement = statements_.Add(sql);
  queued_ = PQsendPrepare(connection_, statement->name.c_str(), sql.c_str(), 0, nullptr) == 1;
  steps_.push_back(Step{Kind::kParse, duty, false, statement});
  return statement;
}

void Pipeline::AddText(const char* sql, Duty duty) {
  if (!queued_) return;
  queued_ = PQsendQueryParams(connection_, sql, 0, nullptr, nullptr, nullptr, nullptr, 0) == 1;
  steps_.push_back(Step{Kind::kExecute, duty, false, nullptr});
}

void Pipeline::Sync(Duty duty) {
  if (!queued_) return;
  // A failed flush inside is not reported here: libpq remembers it and tells when the answer is read.
  queued_ = PQpipelineSync(connection_) == 1;
  steps_.push_back(Step{Kind::kSync, duty, false, nullptr});
}

bool Pipeline::Read(PGconn* connection) {
  const bool ended = ReadMore(connection);
  if (on_rows_ && !rows_.empty()) {
    const size_t first = answered_ - rows_.size();
    (*on_rows_)(first, TakeRows());
  }
  return ended;
}

bool Pipeline::ReadMore(PGconn* connection) {
  while (next_ < steps_.size() && !connection_ended_) {
    if (PQisBusy(connection)) return false;
    Step& step = steps_[next_];
    PqResultHandle result(PQgetResult(connection));
    if (result) {
      Take(std::move(result), step);
    } else if (!EndOfStep(step)) {
      connection_ended_ = true;
      if (!error_) error_ = ConnectionLost(connection);
    }
  }
  return true;
}

// A null result ends the results of one message. False when it came without any, as it does on a broken connection.
bool Pipeline::EndOfStep(Step& step) {
  if (!step.answered) return false;
  // A Sync that fails (a deferred constraint at commit) has an error and a null before its own result.
  if (step.kind == Kind::kSync) {
    step.answered = false;
  } else {
    ++next_;
  }
  return true;
}

void Pipeline::Take(PqResultHandle result, Step& step) {
  const ExecStatusType status = PQresultStatus(result.get());
  step.answered = true;
  switch (status) {
    case PGRES_PIPELINE_SYNC:
      if (step.kind != Kind::kSync) return LoseTrack("the server ended a pipeline too early");
      ++next_;
      return;
    case PGRES_PIPELINE_ABORTED:
      if (step.kind == Kind::kParse) statements_.Forget(step.statement);
      return;
    case PGRES_FATAL_ERROR:
      return TakeFailure(result.get(), step);
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
      if (step.kind == Kind::kParse) step.statement->prepared = true;
      if (step.kind == Kind::kExecute && step.duty == Duty::kAnswer) {
        result_bytes_max_ = std::max(result_bytes_max_, PQresultMemorySize(result.get()));
        ++answered_;
        rows_.emplace_back(result.release());
      }
      return;
    default:
      return LoseTrack("the command asked for a COPY, which an exchange cannot carry");
  }
}

void Pipeline::TakeFailure(const PGresult* result, Step& step) {
  if (step.kind == Kind::kParse) statements_.Forget(step.statement);
  if (step.duty == Duty::kAside && !EndsConnection(result)) return;
  const bool first = !error_;
  TakeError(result);
  if (!first || step.kind != Kind::kExecute || !step.statement) return;
  failed_ = step.statement;
  const char* raised_by = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
  if (error_->sqlstate() == sqlstate::kInvalidStatementName) {
    stale_ = Stale::kUnknownToServer;
  } else if (error_->sqlstate() == sqlstate::kFeatureNotSupported && raised_by &&
             std::string_view(raised_by) == "RevalidateCachedQuery") {
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

bool ScriptReader::Read(PGconn* connection) {
  while (!connection_ended_) {
    if (PQisBusy(connection)) return false;
    PqResultHandle result(PQgetResult(connection));
    if (!result) return true;
    switch (PQresultStatus(result.get())) {
      case PGRES_FATAL_ERROR:
        TakeScriptError(result.get());
        break;
      case PGRES_COPY_IN:
        // The server answers with an error, which ends the script.
        PQputCopyEnd(connection, "a script cannot carry the data of a COPY");
        break;
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        LoseTrack("a script cannot take the data of a COPY");
        break;
      default:
        break;
    }
  }
  return true;
}

void ScriptReader::TakeScriptError(const PGresult* result) {
  if (error_) return;
  TakeError(result);
  const char* position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
  if (!position || error_->detail()) return;
  // Counted in characters; lines are found in bytes. UTF-8 continuation bytes are not characters.
  long left = std::strtol(position, nullptr, 10) - 1;
  int line = 1;
  for (char c : script_) {
    const bool continuation = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continuation && left-- <= 0) break;
    if (c == '\n') ++line;
  }
  error_ = error_->WithDetail("at line " + std::to_string(line));
}

}  // namespace pando::pg
