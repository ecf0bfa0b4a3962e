// Reads the system catalogs through a connection and builds a catalog::Catalog: in one transaction, with one snapshot,
// independent of the reader's privileges.
//
// The server needs most of the time, but putting the answers together also computes on the calling executor, about 0.1
// ms per relation: load on an event loop that serves nobody.
//
// Concurrency  executor-bound
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "net/task.h"

namespace pando::pg {
class Connection;
}

namespace pando::introspect {

struct IntrospectOptions {
  std::vector<std::string> schemas = {"public"};  // exposed
  std::vector<std::string> extra_search_path;     // searched for computed columns, relationships, casts, handlers
  std::string pre_request;                        // rest.pre_request, to find its footprint; empty: none
};

//   kIntrospection  a query failed or its answer was not understood      kDatabaseConnectionLost, kRequestDeadline
Task<Result<std::shared_ptr<const catalog::Catalog>>> LoadCatalog(pg::Connection& connection, IntrospectOptions options,
                                                                  Deadline deadline);

}  // namespace pando::introspect
