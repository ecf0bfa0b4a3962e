// A Lane runs the cheap reads of many callers together. Those that wait at the same moment travel as one exchange with
// one Sync: one system call, one wake-up and one transaction for all of them, on either side.
//
// Neighbours wait for each other, so a read that may be slow has no place here: the server stops a statement after
// options.statement_timeout, and a batch in which one read fails yields nothing. Its callers then run theirs alone,
// where each gets its own rows or its own error.
//
// Concurrency  executor-bound: one Lane per event loop, beside the Pool from which it takes its connections
// Ownership    the Pool outlives the Lane; a caller that goes away leaves the batch to its neighbours
// Bounds       batch_max reads a batch, batches_max batches in flight, waiters_max callers
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "net/spawn.h"
#include "net/task.h"
#include "pg/connection.h"
#include "pg/pool.h"

namespace pando::pg {

struct LaneOptions {
  uint32_t batch_max = 32;
  // A second batch starts beside the first only when it would be full.
  uint32_t batches_max = 2;
  uint32_t waiters_max = 1000;
  milliseconds statement_timeout = milliseconds(50);
};

struct LaneStats {
  uint64_t reads = 0;    // answered
  uint64_t batches = 0;  // sent
  uint64_t failed = 0;   // batches that yielded nothing
};

// A read in a lane.
struct LaneRead {
  // Makes the settings that `command` depends on, for its transaction only; comes right before it.
  std::optional<Command> settings;
  Command command;
  SessionState session;
};

class Lane {
 public:
  Lane(net::Executor executor, Pool& pool, LaneOptions options);
  // REQUIRES: no caller waits; co_await Close() first.
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Runs one read beside those of the same session that wait now and make the same settings, each before its own: so
  // none sees what another made, and what makes none travels only with its like. nullopt: it has not been answered
  // here, for whatever reason, and may be run alone.
  //   kRequestDeadline   `deadline` passed first
  //   kRequestCancelled  the coroutine was cancelled
  // REQUIRES: `read.command` reads only, leaves no trace on its connection and depends on no setting but the session's
  // and those that `read.settings` makes, every time the same ones for the same text and by parameters alone.
  Task<Result<std::optional<Rows>>> Read(LaneRead read, Deadline deadline);

  // Batches in flight end by themselves: each has a deadline.
  Task<void> Close();

  LaneStats stats() const { return stats_; }

 private:
  struct Waiter;
  using Batch = std::vector<Waiter*>;  // null: that caller has gone away

  void StartWorker();
  Task<void> Work();
  Batch TakeBatch();
  Task<void> Run(Batch& batch);
  void Deliver(Batch& batch, Result<std::vector<Rows>> rows);

  const net::Executor executor_;
  Pool& pool_;
  const LaneOptions options_;
  std::list<Waiter*> waiting_;  // in order of arrival; on the executor, as everything below
  uint32_t workers_ = 0;
  net::TaskGroup tasks_;
  LaneStats stats_;
};

}  // namespace pando::pg
