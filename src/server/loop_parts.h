// What one event loop owns, and how that ends.
//
// Concurrency  executor-bound (the loop), once the loops run
#pragma once

#include <memory>

#include "http/server.h"
#include "net/task.h"
#include "pg/lane.h"
#include "pg/pool.h"
#include "serve/cache_counts.h"
#include "serve/database.h"
#include "serve/rest_handler.h"
#include "server/connection_share.h"

namespace pando::server {

struct LoopParts {
  std::unique_ptr<pg::Pool> pool;
  std::unique_ptr<pg::Pool> lane_pool;               // null: too few connections to set some apart
  std::unique_ptr<pg::Lane> key_lane;                // of `lane_pool`, if there is one
  std::unique_ptr<pg::Lane> quick_lane;              // of `pool`: no read by key waits for it
  std::unique_ptr<pg::Lane> write_lane;              // of `pool`: a commit waits for the disk, and no read for it
  std::unique_ptr<serve::CacheCounts> cache_counts;  // null: no cache
  std::unique_ptr<serve::Database> database;         // of the pools and lanes
  std::unique_ptr<serve::RestHandler> handler;
  std::unique_ptr<http::Server> server;

  template <class Function>
  void ForEachPool(Function function) {
    function(*pool);
    if (lane_pool) function(*lane_pool);
  }
  // What was set apart for the lane at the start stays so: at least one connection.
  void Resize(ConnectionShare share);
  // Waits a second for what is under way, and ends all.
  Task<void> Close();
};

}  // namespace pando::server
