#include "pg/connection.h"

#include <utility>

#include "pg/connection_impl.h"
#include "pg/connector.h"

namespace pando::pg {

Task<Result<std::unique_ptr<Connection>>> Connection::Open(ConnectOptions options, Deadline deadline) {
  const net::Executor executor = co_await boost::asio::this_coro::executor;
  const size_t statements_max = options.statements_max;
  std::shared_ptr<const uint64_t> statements_epoch = options.statements_epoch;
  PANDO_CO_TRY(Connected connected, co_await Connect(std::move(options), deadline));
  auto connection =
      std::make_unique<ConnectionImpl>(executor, std::move(connected), statements_max, std::move(statements_epoch));
  if (!connection->Watch()) co_return Error(ErrorId::kDatabaseUnreachable, "the event loop takes no more sockets");
  co_return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace pando::pg
