// Connecting with libpq without blocking the event loop.
//
// Internal to pg/.
#pragma once

#include <optional>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"
#include "pg/cancel_request.h"
#include "pg/connect_options.h"
#include "pg/pq.h"

namespace pando::pg {

struct Connected {
  PqConnectionHandle handle;                  // non-blocking
  std::optional<CancelTarget> cancel_target;  // nullopt: its statements cannot be cancelled
};

// Names are looked up on Asio's resolver thread. libpq still reads its password and certificate files in place.
//   as Connection::Open; kRequestDeadline is reported as kDatabaseUnreachable, for the server did not answer in time
Task<Result<Connected>> Connect(ConnectOptions options, Deadline deadline);

}  // namespace pando::pg
