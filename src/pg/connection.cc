#include "pg/connection.h"

#include <utility>

#include "pg/connection_impl.h"
#include "pg/connector.h"

namespace pando::pg {
namespace {

// PgBouncer refuses a start-up packet with settings that it does not follow.
bool IsPoolersRefusal(const Error& error) {
  return error.message().find("unsupported startup parameter") != std::string::npos;
}

// The server was lost, or silent, before the connection could be used.
Error AsUnreachable(const Error& error) {
  const bool is_away = error.id() == ErrorId::kDatabaseConnectionLost || error.id() == ErrorId::kRequestDeadline;
  return is_away ? Error(ErrorId::kDatabaseUnreachable, error.message()) : error;
}

}  // namespace

Task<Result<std::unique_ptr<Connection>>> Connection::Open(ConnectOptions options, Deadline deadline) {
  const net::Executor executor = co_await boost::asio::this_coro::executor;
  Result<Connected> connected = co_await Connect(options, deadline);
  if (!connected) {
    if (options.pooler == Pooler::kNone && IsPoolersRefusal(connected.error())) co_return PoolerFound();
    co_return connected.error();
  }
  auto connection = std::make_unique<ConnectionImpl>(executor, std::move(*connected), options);
  if (!connection->Watch()) co_return Error(ErrorId::kDatabaseUnreachable, "the event loop takes no more sockets");
  const Result<void> begun = co_await connection->Begin(deadline);
  if (!begun) co_return AsUnreachable(begun.error());
  co_return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace pando::pg
