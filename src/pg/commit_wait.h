// Whether commits of a database wait for a synchronous standby (PostgreSQL documentation 27.2.8).
//
// Concurrency  pure functions
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"

namespace pando::pg {

class Connection;

struct CommitWait {
  bool for_standby = false;  // they wait for one
  bool is_long = false;      // and one of our login role's has, for a second or more
  friend bool operator==(const CommitWait&, const CommitWait&) = default;
};

struct CommitWatch {
  CommitWait wait;
  uint32_t waiting = 0;       // of our login role's, now
  std::string standby_names;  // synchronous_standby_names
};

//   as Connection::Run()
Task<Result<CommitWatch>> WatchCommits(Connection& connection, Deadline deadline);

// A client of that application_name may be taken for the standby that commits wait for: it is named in
// synchronous_standby_names, or `*` is, which stands for any. False where a name that is quoted only looks like it,
// too.
bool CountsAsStandby(std::string_view standby_names, std::string_view application_name);

}  // namespace pando::pg
