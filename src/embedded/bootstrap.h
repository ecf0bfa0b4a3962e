// What Pando sets up in the private PostgreSQL: roles, the database "pando", who may do what in it, the triggers
// that announce changes of the schema, and the one that closes the functions of new extensions to PUBLIC.
//
// Concurrency  executor-bound
#pragma once

#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"

namespace pando::embedded {

// The URIs of the superuser, for the database "pando" and for the one that is always there.
struct BootstrapTarget {
  std::string database_uri;
  std::string maintenance_uri;
};

// Does what has not been done yet, by the version that is recorded in the database; one round trip when all is done.
// An interrupted one is done again from the start: each step leaves alone what is there.
Task<Result<void>> Bootstrap(BootstrapTarget target, Deadline deadline);

// The same from outside any event loop: blocks.
Result<void> BootstrapBlocking(const BootstrapTarget& target, Deadline deadline);

}  // namespace pando::embedded
