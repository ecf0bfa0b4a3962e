#include "pg/replication_session.h"

#include <openssl/ssl.h>

#include "base/assert.h"
#include "base/byte_order.h"
#include "pg/connector.h"
#include "pg/database_error.h"
#include "pg/pq.h"
#include "pg/socket_watch.h"

namespace pando::pg {

namespace asio = boost::asio;

namespace {

struct FreeCopyData {
  void operator()(char* data) const { PQfreemem(data); }
};

// Microseconds since 2000-01-01 00:00 UTC.
uint64_t ServerTime() {
  constexpr std::chrono::seconds kEpoch(946'684'800);
  const auto since = std::chrono::system_clock::now().time_since_epoch() - kEpoch;
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

class LibpqReplicationSession final : public ReplicationSession {
 public:
  LibpqReplicationSession(net::Executor executor, PqConnectionHandle handle)
      : handle_(std::move(handle)),
        tls_(PQsslInUse(handle_.get()) ? PQsslStruct(handle_.get(), "OpenSSL") : nullptr),
        watch_(executor) {}

  bool Watch() { return watch_.Attach(PQsocket(handle_.get())); }

  Task<Result<Rows>> Run(std::string command, Deadline deadline) override {
    if (PQsendQuery(handle_.get(), command.c_str()) != 1) co_return ConnectionLost(handle_.get());
    Rows rows;
    std::optional<Error> failure;
    for (;;) {
      PANDO_CO_CHECK(co_await WaitForResult(deadline));
      PqResultHandle result(PQgetResult(handle_.get()));
      if (!result) break;
      const ExecStatusType status = PQresultStatus(result.get());
      if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        rows = RowsOf(result.get());
      } else if (!failure) {
        failure = ErrorOfResult(result.get());
      }
    }
    if (failure) co_return *failure;
    co_return std::move(rows);
  }

  Task<Result<void>> Start(std::string command, Deadline deadline) override {
    if (PQsendQuery(handle_.get(), command.c_str()) != 1) co_return ConnectionLost(handle_.get());
    PANDO_CO_CHECK(co_await WaitForResult(deadline));
    const PqResultHandle result(PQgetResult(handle_.get()));
    if (!result) co_return ConnectionLost(handle_.get());
    if (PQresultStatus(result.get()) != PGRES_COPY_BOTH) co_return ErrorOfResult(result.get());
    co_return Result<void>();
  }

  Task<Result<ReplicationFrame>> Receive(Deadline deadline) override {
    for (;;) {
      char* data = nullptr;
      const int length = PQgetCopyData(handle_.get(), &data, /*async=*/1);
      data_.reset(data);
      if (length > 0) co_return ReadFrame({data, static_cast<size_t>(length)});
      if (length < 0) co_return Ended();
      PANDO_CO_CHECK(co_await WaitForInput(deadline));
    }
  }

  Result<void> Confirm(uint64_t lsn) override {
    std::string reply = "r";
    for (int i = 0; i < 3; ++i) AppendNumber(reply, lsn);  // written, flushed, applied
    AppendNumber(reply, ServerTime());
    reply += '\0';  // no answer wanted
    // What cannot be sent now is sent along with the next wait.
    const bool sent =
        PQputCopyData(handle_.get(), reply.data(), static_cast<int>(reply.size())) == 1 && PQflush(handle_.get()) >= 0;
    if (!sent) return ConnectionLost(handle_.get());
    return {};
  }

 private:
  Task<Result<void>> WaitForResult(Deadline deadline) {
    while (PQisBusy(handle_.get())) PANDO_CO_CHECK(co_await WaitForInput(deadline));
    co_return Result<void>();
  }

  Task<Result<void>> WaitForInput(Deadline deadline) {
    const bool unsent = PQflush(handle_.get()) == 1;
    const auto state = co_await asio::this_coro::cancellation_state;
    if (WasCancelled(state)) co_return Error(ErrorId::kRequestCancelled, "cancelled while replicating");
    Wake wake = Wake::kReady;
    const bool buffered = tls_ && SSL_pending(static_cast<SSL*>(tls_)) > 0;
    if (!buffered) wake = co_await watch_.Wait(unsent ? Interest::kReadOrWrite : Interest::kRead, deadline);
    if (wake == Wake::kDeadline) co_return Error(ErrorId::kRequestDeadline, "the database sent nothing in time");
    if (wake == Wake::kCancelled) co_return Error(ErrorId::kRequestCancelled, "cancelled while replicating");
    if (wake == Wake::kFailed || PQconsumeInput(handle_.get()) != 1) co_return ConnectionLost(handle_.get());
    co_return Result<void>();
  }

  static Result<ReplicationFrame> ReadFrame(std::string_view bytes) {
    constexpr size_t kDataHeader = 1 + 8 + 8 + 8, kKeepalive = 1 + 8 + 8 + 1;
    ReplicationFrame frame;
    if (bytes.front() == 'w' && bytes.size() >= kDataHeader) {
      frame.is_data = true;
      frame.server_lsn = ReadNumber<uint64_t>(bytes.data() + 9);
      frame.data = bytes.substr(kDataHeader);
    } else if (bytes.front() == 'k' && bytes.size() == kKeepalive) {
      frame.server_lsn = ReadNumber<uint64_t>(bytes.data() + 1);
      frame.reply_wanted = bytes.back() != 0;
    } else {
      return Error(ErrorId::kProtocol, "the database sent a replication message that cannot be read");
    }
    return frame;
  }

  Error Ended() {
    const PqResultHandle result(PQgetResult(handle_.get()));
    if (result && PQresultStatus(result.get()) == PGRES_FATAL_ERROR) return ErrorOfResult(result.get());
    return ConnectionLost(handle_.get());
  }

  PqConnectionHandle handle_;
  void* tls_;  // SSL, of the handle; null without TLS
  SocketWatch watch_;
  std::unique_ptr<char, FreeCopyData> data_;  // the last frame
};

}  // namespace

Task<Result<std::unique_ptr<ReplicationSession>>> ReplicationSession::Open(ConnectOptions options, Deadline deadline) {
  options.replication = true;
  PANDO_CO_TRY(Connected connected, co_await Connect(std::move(options), deadline));
  const net::Executor executor = co_await asio::this_coro::executor;
  auto session = std::make_unique<LibpqReplicationSession>(executor, std::move(connected.handle));
  if (!session->Watch()) co_return Error(ErrorId::kDatabaseUnreachable, "the event loop takes no more sockets");
  std::unique_ptr<ReplicationSession> opened = std::move(session);
  co_return std::move(opened);
}

}  // namespace pando::pg
