#include "pg/connect_attempt.h"

#include <string_view>
#include <utility>
#include <vector>

#include "pg/database_error.h"
#include "pg/socket_watch.h"

namespace pando::pg {

namespace asio = boost::asio;

namespace {

// A host that is cut off, or whose server is frozen, takes connections or packets and says nothing.
constexpr std::chrono::seconds kFirstByteTimeout(2);

Error Unreachable(std::string_view why) { return Error(ErrorId::kDatabaseUnreachable, std::string(why)); }

PqConnectionHandle Start(const Keywords& keywords) {
  std::vector<const char*> names, values;
  for (const auto& [name, value] : keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  constexpr int kKeepDatabaseName = 0;
  return PqConnectionHandle(PQconnectStartParams(names.data(), values.data(), kKeepDatabaseName));
}

// libpq may close its socket and open another at any step (TLS refused), so it is watched step by step.
Task<Result<void>> FinishConnecting(PGconn* connection, Deadline deadline) {
  const net::Executor executor = co_await asio::this_coro::executor;
  const Deadline first_byte_by = deadline.Min(Deadline::After(kFirstByteTimeout));
  bool heard = false;
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) co_return ConnectError(connection);
    SocketWatch watch(executor);
    if (!watch.Attach(PQsocket(connection))) co_return Unreachable("the event loop takes no more sockets");
    const auto state = co_await asio::this_coro::cancellation_state;
    const Error cancelled(ErrorId::kRequestCancelled, "the connection attempt to the database was cancelled");
    if (WasCancelled(state)) co_return cancelled;
    const bool reads = next == PGRES_POLLING_READING;
    const Interest interest = reads ? Interest::kRead : Interest::kWrite;
    const Wake wake = co_await watch.Wait(interest, heard ? deadline : first_byte_by);
    if (wake == Wake::kDeadline) co_return Unreachable("the database did not answer in time");
    if (wake == Wake::kCancelled) co_return cancelled;
    watch.Detach();
    heard = heard || reads;
    next = PQconnectPoll(connection);
  }
  co_return Result<void>();
}

bool IsOn(const PGconn* connection, const char* parameter) {
  const char* value = PQparameterStatus(connection, parameter);
  return value && std::string_view(value) == "on";
}

}  // namespace

Keywords ForHost(Keywords keywords, const Host& host) {
  const auto set = [&](const char* keyword, const std::string& value) {
    if (value.empty()) {
      keywords.erase(keyword);
    } else {
      keywords[keyword] = value;
    }
  };
  set("host", host.name);
  set("hostaddr", host.address);
  set("port", host.port);
  return keywords;
}

Task<Result<Connected>> Attempt(Keywords keywords, Deadline deadline) {
  Connected connected{Start(keywords), std::nullopt};
  PGconn* connection = connected.handle.get();
  if (!connection) co_return Unreachable("out of memory while connecting");
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  if (PQstatus(connection) == CONNECTION_BAD) co_return ConnectError(connection);

  const BackendKeyTrace trace(connection);
  PANDO_CO_CHECK(co_await FinishConnecting(connection, deadline));
  connected.cancel_target = trace.Target();
  PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
  if (PQsetnonblocking(connection, 1) != 0) co_return ConnectionLost(connection);
  if (PQgssEncInUse(connection) != 0) {
    co_return Unreachable("encryption by GSSAPI is not spoken here: use sslmode, and no gssencmode");
  }
  co_return std::move(connected);
}

bool IsReadOnly(const Connected& connected, TargetSession target) {
  const PGconn* connection = connected.handle.get();
  if (IsOn(connection, "in_hot_standby")) return true;
  return target == TargetSession::kReadWrite && IsOn(connection, "default_transaction_read_only");
}

}  // namespace pando::pg
