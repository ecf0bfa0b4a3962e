// What a ConnectionImpl does outside of exchanges: scripts and notifications.
#include <optional>

#include "base/assert.h"
#include "pg/connection_impl.h"
#include "pg/database_error.h"
#include "pgtypes/sqlstate.h"

namespace pando::pg {

namespace asio = boost::asio;
namespace sqlstate = pgtypes::sqlstate;

namespace {

Error Closed() { return Error(ErrorId::kDatabaseConnectionLost, "the connection to the database is closed"); }

}  // namespace

Task<Result<void>> ConnectionImpl::RunScript(std::string sql, Deadline deadline) {
  if (!usable()) co_return Closed();
  if (sql.find('\0') != std::string::npos) {
    co_return Error::FromDatabase(std::string(sqlstate::kCharacterNotInRepertoire),
                                  "invalid byte sequence for encoding \"UTF8\": 0x00");
  }
  in_flight_ = true;
  // Several statements in one text are a privilege of the simple query protocol.
  wire_->out().Query(sql);
  ScriptReader reader(sql);
  const Wake wake = co_await Drive(reader, deadline);
  co_await WithoutCancellation();
  if (wake == Wake::kDeadline || wake == Wake::kCancelled) co_await StopStatement(reader);
  std::optional<Error> failure = Verdict(reader, wake);
  if (wire_ && wire_->in_transaction()) {
    if (!failure) {
      failure = Error::FromDatabase(std::string(sqlstate::kActiveTransaction), "the script left its transaction open");
    }
    co_await RollBack();
  }
  co_await WithCancellation();
  in_flight_ = false;
  if (failure) co_return *failure;
  co_return Result<void>();
}

Task<Result<Notification>> ConnectionImpl::WaitNotification(Deadline deadline) {
  if (!usable()) co_return Closed();
  for (;;) {
    // None but these can have come: nothing is owed.
    const std::optional<Message> message = wire_->Next();
    if (std::optional<Notification> notification = wire_->TakeNotification()) co_return std::move(*notification);
    if (message || !wire_->readable()) {
      const std::string_view reason = message && message->type == 'E' ? ReadErrorFields(message->body).message : "";
      Error error = reason.empty() ? wire_->Lost() : Error(ErrorId::kDatabaseConnectionLost, std::string(reason));
      Break();
      co_return error;
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    Wake wake = Wake::kCancelled;
    if (wire_->HasBufferedInput()) {
      wake = Wake::kReady;
    } else if (!WasCancelled(state)) {
      wake = co_await watch_.Wait(Interest::kRead, deadline);
    }
    if (wake == Wake::kDeadline) co_return Error(ErrorId::kRequestDeadline, "no notification came in time");
    if (wake == Wake::kCancelled)
      co_return Error(ErrorId::kRequestCancelled, "the wait for notifications was cancelled");
    if (wake == Wake::kReady && wire_->Receive()) continue;
    Error error = wire_->Lost();
    Break();
    co_return error;
  }
}

}  // namespace pando::pg
