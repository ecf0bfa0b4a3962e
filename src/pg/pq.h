// libpq's handles as owners.
//
// Internal to pg/.
#pragma once

#include <libpq-fe.h>

#include <memory>

namespace pando::pg {

struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};

using PqConnectionHandle = std::unique_ptr<PGconn, FinishConnection>;
using PqResultHandle = std::unique_ptr<PGresult, ClearResult>;

}  // namespace pando::pg
