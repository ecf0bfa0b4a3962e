// What a LibpqConnection does outside of exchanges: scripts and notifications.
#include <cstdlib>
#include <memory>

#include "base/assert.h"
#include "pg/database_error.h"
#include "pg/libpq_connection.h"
#include "pgtypes/sqlstate.h"

namespace pando::pg {

namespace asio = boost::asio;
namespace sqlstate = pgtypes::sqlstate;

namespace {

struct FreeNotify {
  void operator()(PGnotify* notify) const { PQfreemem(notify); }
};

Error Closed() { return Error(ErrorId::kDatabaseConnectionLost, "the connection to the database is closed"); }

}  // namespace

Task<Result<void>> LibpqConnection::RunScript(std::string sql, Deadline deadline) {
  if (!usable()) co_return Closed();
  if (sql.find('\0') != std::string::npos) {
    co_return Error::FromDatabase(std::string(sqlstate::kCharacterNotInRepertoire),
                                  "invalid byte sequence for encoding \"UTF8\": 0x00");
  }
  in_flight_ = true;
  // Several statements in one text are a privilege of the simple protocol, which libpq refuses in pipeline mode.
  if (PQexitPipelineMode(handle_.get()) != 1 || PQsendQuery(handle_.get(), sql.c_str()) != 1) {
    Error error = ConnectionLost(handle_.get());
    Break();
    co_return error;
  }
  ScriptReader reader(sql);
  const Wake wake = co_await Drive(reader, deadline);
  co_await WithoutCancellation();
  if (wake == Wake::kDeadline || wake == Wake::kCancelled) co_await StopStatement(reader);
  std::optional<Error> failure = Verdict(reader, wake);
  if (handle_ && PQenterPipelineMode(handle_.get()) != 1) Break();
  if (handle_ && PQtransactionStatus(handle_.get()) != PQTRANS_IDLE) {
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

Task<Result<Notification>> LibpqConnection::WaitNotification(Deadline deadline) {
  if (!usable()) co_return Closed();
  for (;;) {
    if (const std::unique_ptr<PGnotify, FreeNotify> notify{PQnotifies(handle_.get())}) {
      Notification notification{notify->relname, notify->extra};
      co_return notification;
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    Wake wake = Wake::kCancelled;
    if (HasBufferedInput()) {
      wake = Wake::kReady;
    } else if (!WasCancelled(state)) {
      wake = co_await watch_.Wait(Interest::kRead, deadline);
    }
    if (wake == Wake::kDeadline) co_return Error(ErrorId::kRequestDeadline, "no notification came in time");
    if (wake == Wake::kCancelled)
      co_return Error(ErrorId::kRequestCancelled, "nobody waits for notifications any more");
    if (wake == Wake::kReady && PQconsumeInput(handle_.get()) == 1) continue;
    Error error = ConnectionLost(handle_.get());
    Break();
    co_return error;
  }
}

}  // namespace pando::pg
