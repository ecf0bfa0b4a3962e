// A Target is one database server as one event loop uses it: the connections to it, and the lanes in which cheap
// statements travel together.
//
// Concurrency  executor-bound: one Target per event loop and server; stats() of its parts are thread-safe
// Ownership    owns its pools and lanes; outlives those who use them
// Bounds       options.connections_max connections, options.waiters_max waiting callers for each part
#pragma once

#include <cstdint>
#include <memory>

#include "base/deadline.h"
#include "base/error.h"
#include "net/task.h"
#include "pg/connection_share.h"
#include "pg/lane.h"
#include "pg/pool.h"

namespace pando::pg {

class Target {
 public:
  // `options.connections_max` is of all parts together.
  Target(net::Executor executor, const PoolOptions& options);
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  // Connections for requests that need one to themselves.
  Pool& pool() { return *pool_; }
  // Connections of the lane of keys: apart from the others, unless there are too few.
  Pool& key_pool() { return key_pool_ ? *key_pool_ : *pool_; }
  // Reads that name their row.
  Lane& keys() { return *keys_; }
  // Reads that have been quick so far. They take connections from pool(), so that no read by key waits for them.
  Lane& quick() { return *quick_; }
  // Writes of one row, from pool(): a commit waits for the disk, and no read for a commit.
  Lane& writes() { return *writes_; }

  // The key lane keeps the connections that were set apart at the start: one at least.
  void Resize(uint32_t connections_max);
  // As Pool's, of all connections.
  void Renew();
  void CleanAll();
  void GiveUp(const Error& error);
  // As Pool::Note(), and for the writes that wait in line.
  void Note(CommitWait wait);

  // Lends no more, waits until `grace` for statements under way, and ends all.
  Task<void> Close(Deadline grace);

  // Calls function(const Pool&) for each pool, and function(name, const Lane&) for each lane.
  template <class OnPool, class OnLane>
  void ForEachPart(OnPool on_pool, OnLane on_lane) const {
    on_pool(static_cast<const Pool&>(*pool_));
    if (key_pool_) on_pool(static_cast<const Pool&>(*key_pool_));
    on_lane("key", static_cast<const Lane&>(*keys_));
    on_lane("quick", static_cast<const Lane&>(*quick_));
    on_lane("write", static_cast<const Lane&>(*writes_));
  }

 private:
  template <class Function>
  void ForEachPool(Function function) {
    function(*pool_);
    if (key_pool_) function(*key_pool_);
  }

  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Pool> key_pool_;  // null: too few connections to set some apart
  std::unique_ptr<Lane> keys_;
  std::unique_ptr<Lane> quick_;
  std::unique_ptr<Lane> writes_;
};

}  // namespace pando::pg
