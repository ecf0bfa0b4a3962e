// How a ConnectionImpl comes back into order after an exchange that did not simply run through.
#include "base/assert.h"
#include "pg/connection_impl.h"
#include "pg/database_error.h"
#include "pg/write_outcome.h"
#include "pgtypes/sqlstate.h"

namespace pando::pg {

namespace {

// How long the server may take to stop a statement, before the connection is given up.
constexpr std::chrono::seconds kStopGrace(1);

bool StoppedByUs(Wake wake) { return wake == Wake::kDeadline || wake == Wake::kCancelled; }

Error StopError(Wake wake) {
  if (wake == Wake::kDeadline) {
    return Error(ErrorId::kRequestDeadline, "the statement was cancelled because the time for the request was over");
  }
  return Error(ErrorId::kRequestCancelled, "the statement was cancelled because the client left");
}

}  // namespace

bool ConnectionImpl::NeedsRecovery(Wake wake, Finish finish, bool commits) const {
  if (wake == Wake::kFailed || wake == Wake::kNoRoom) return false;
  // A commit is not stopped: JudgeWrite().
  if (StoppedByUs(wake)) return !commits;
  const bool open = wire_->in_transaction();
  // A transaction that should be held and failed, or one that is left where none should be.
  return open && (finish != Finish::kHold || pipeline_.error().has_value());
}

Task<void> ConnectionImpl::Recover(AnswerReader& reader, Wake wake, Finish finish) {
  if (StoppedByUs(wake)) co_await StopStatement(reader);
  if (!wire_) co_return;
  const bool open = wire_->in_transaction();
  const bool keep = finish == Finish::kHold && !reader.error();
  if (open && !keep) co_await RollBack();
}

Task<void> ConnectionImpl::StopStatement(AnswerReader& reader) {
  const Deadline grace = Deadline::After(kStopGrace);
  // The server ignores a cancel request while it reads a message: one that is half sent would be executed yet.
  const bool half_sent = !wire_->Flush();
  CancelSent sent = CancelSent::kNotSent;
  if (cancel_target_) sent = co_await SendCancelRequest(*cancel_target_, grace);
  // A request that is still on its way could hit the next statement.
  if (half_sent || sent == CancelSent::kUnknown) {
    Break();
    co_return;
  }
  const Wake wake = co_await Drive(reader, grace);
  if (wake != Wake::kReady) Break();
}

void ConnectionImpl::QueueRollback(Pipeline& pipeline, Duty duty) const {
  if (pooler_ == Pooler::kTransaction) {
    // Session-level advisory locks outlive a rollback, and the pooler takes the server back behind the last one.
    pipeline.AddText("ROLLBACK AND CHAIN", duty);
    pipeline.AddText("SELECT pg_catalog.pg_advisory_unlock_all()", duty);
  }
  pipeline.AddText("ROLLBACK", duty);
}

Task<void> ConnectionImpl::RollBack() {
  Pipeline pipeline(statements_, names_statements());
  pipeline.Reset(*wire_);
  QueueRollback(pipeline, Duty::kSupport);
  pipeline.Sync(Duty::kSupport);
  const Wake wake = co_await Drive(pipeline, Deadline::After(kStopGrace));
  if (wake != Wake::kReady || wire_->in_transaction()) Break();
}

// The socket closes at once, so that the server notices.
void ConnectionImpl::Break() {
  watch_.Detach();
  wire_.reset();
}

// REQUIRES: Break() is still to come.
std::string ConnectionImpl::WhyUnknown(Wake wake) const {
  if (wake == Wake::kNoRoom) return "its answer was not received: " + NoRoom().message();
  return "the connection to the database ended during the commit";
}

// As Verdict(), of what writes and commits: whether that was done, was not, or is not known.
std::optional<Error> ConnectionImpl::JudgeWrite(Wake wake) {
  const bool ended = wake != Wake::kReady || pipeline_.connection_ended();
  const std::optional<Error>& error = pipeline_.error();
  if (!ended) {
    if (error) return error;
    if (wire_->commit_unconfirmed())
      return WriteUnknown("the commit did not wait for the standby that was to confirm it");
    if (!pipeline_.in_recovery()) return std::nullopt;
    Break();
    return ServerIsStandby();
  }
  // A server that has refused a command undoes all, and so does one that has not got the Sync.
  const bool refused = error && !pipeline_.connection_ended();
  const bool undone = refused || pipeline_.ended_before_sync() || !wire_->all_sent();
  Error loss = error ? *error : wire_->Lost();
  if (!undone) loss = WriteUnknown(error ? error->message() : WhyUnknown(wake));
  Break();
  if (undone && !refused && loss.kind() == ErrorKind::kDatabase) {
    loss = Error(ErrorId::kDatabaseConnectionLost, "the server ended the connection").WithDetail(loss.ToString());
  }
  return loss;
}

// The error that the caller gets, if any; breaks the connection when it cannot go on.
std::optional<Error> ConnectionImpl::Verdict(const AnswerReader& reader, Wake wake) {
  std::optional<Error> error = reader.error();
  if (StoppedByUs(wake) && !reader.connection_ended()) {
    // What has run to its end nevertheless is reported as it is: the caller learns the outcome.
    const bool cancelled = error && error->sqlstate() == pgtypes::sqlstate::kQueryCanceled;
    if (!wire_ || cancelled) error = StopError(wake);
  } else if (wake == Wake::kFailed && !reader.connection_ended()) {
    error = wire_->Lost();
  }
  if (wake == Wake::kNoRoom) error = NoRoom();
  if (reader.connection_ended() || wake == Wake::kFailed || wake == Wake::kNoRoom) Break();
  return error;
}

}  // namespace pando::pg
