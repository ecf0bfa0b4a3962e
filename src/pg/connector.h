// Connecting with libpq without blocking the event loop.
//
// A connection string may list several hosts, and a name may have several addresses. Each address is an attempt of its
// own. Attempts begin 250 ms apart, in the order of the list, or as soon as one has failed; the address that was the
// primary last begins. The first primary wins and the other attempts end. A standby is used where every other address
// has failed or is a standby too, and never with target_session_attrs=read-write.
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

// Each attempt has two seconds for the first byte of its server, and until `deadline` for the rest. libpq reads its
// password and certificate files in place, by the name of the host rather than its address.
//   as Connection::Open; kRequestDeadline is reported as kDatabaseUnreachable, for the server did not answer in time.
//   Of several attempts that failed: the first refusal of a server, else what each of them met, as
//   kDatabaseUnreachable
Task<Result<Connected>> Connect(ConnectOptions options, Deadline deadline);

}  // namespace pando::pg
