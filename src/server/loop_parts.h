// What one event loop owns, and how that ends.
//
// Concurrency  executor-bound (the loop), once the loops run
#pragma once

#include <memory>

#include "http/server.h"
#include "net/task.h"
#include "pg/target.h"
#include "serve/cache_counts.h"
#include "serve/database.h"
#include "serve/rest_handler.h"

namespace pando::server {

struct LoopParts {
  std::unique_ptr<pg::Target> target;
  std::unique_ptr<serve::Database> database;         // over `target`
  std::unique_ptr<serve::CacheCounts> cache_counts;  // null: no cache
  std::unique_ptr<serve::RestHandler> handler;
  std::unique_ptr<http::Server> server;

  // Waits a second for what is under way, and ends all.
  Task<void> Close();
};

}  // namespace pando::server
