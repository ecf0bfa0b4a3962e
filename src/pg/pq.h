// libpq's handles as owners, and its results as Rows.
//
// Internal to pg/.
#pragma once

#include <libpq-fe.h>

#include <memory>

#include "pg/rows.h"

namespace pando::pg {

struct FinishConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};

using PqConnectionHandle = std::unique_ptr<PGconn, FinishConnection>;
using PqResultHandle = std::unique_ptr<PGresult, ClearResult>;

// REQUIRES: not null
Rows RowsOf(const PGresult* result);

}  // namespace pando::pg
