// A Database runs the statements of one event loop's requests: together with those of other requests, or in a session
// of their own. It is the seam at which unit tests put a fake; PgDatabase is the real one.
//
// Concurrency  executor-bound: one Database per event loop
// Ownership    outlives its sessions
#pragma once

#include <memory>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"
#include "pg/exchange.h"
#include "pg/rows.h"
#include "pg/target.h"

namespace pando::serve {

// A connection that one request has to itself.
class Session {
 public:
  virtual ~Session() = default;

  // As pg::Connection::Run(). A write that commits runs to its end when its caller leaves (pg::Pool::Finish()).
  //   kStandby  the server that refused a write as read-only is a standby
  virtual Task<Result<std::vector<pg::Rows>>> Run(pg::Exchange exchange, Deadline deadline) = 0;
  // Ends what Run() left open (pg::Finish::kHold). `wrote`: its effect stays, so that its outcome matters.
  //   kWriteUnknown  the commit may or may not have happened
  virtual Task<Result<void>> End(bool commit, bool wrote, Deadline deadline) = 0;
};

class Database {
 public:
  enum class Lane {
    kKeys,    // reads that name their row
    kQuick,   // reads that have been quick so far
    kWrites,  // inserts and updates of one row
  };

  virtual ~Database() = default;

  // To be awaited where it is: a coroutine of its own would cost each request an allocation.
  virtual pg::Lane::Call RunShared(Lane lane, pg::LaneStatement&& statement, Deadline deadline) = 0;
  // `by_key`: from the connections set apart for reads by key. Errors as pg::Pool::Acquire().
  virtual Task<Result<std::unique_ptr<Session>>> Open(pg::SessionState wanted, pg::Purpose purpose, bool by_key,
                                                      Deadline deadline) = 0;
};

// Over one server, which outlives it.
class PgDatabase : public Database {
 public:
  explicit PgDatabase(pg::Target& target) : target_(target) {}

  pg::Lane::Call RunShared(Lane lane, pg::LaneStatement&& statement, Deadline deadline) override;
  Task<Result<std::unique_ptr<Session>>> Open(pg::SessionState wanted, pg::Purpose purpose, bool by_key,
                                              Deadline deadline) override;

 private:
  pg::Target& target_;
};

}  // namespace pando::serve
