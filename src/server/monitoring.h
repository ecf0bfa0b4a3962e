// What operators see of the serving process: metrics of its parts, the access log, the sources of the admin port.
//
// Concurrency  executor-bound (the control loop), except the observers, each on its own event loop
// Ownership    what Attach() is given outlives the last scrape: see Front::Detach()
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "admin/handler.h"
#include "base/known_until.h"
#include "base/memory_budget.h"
#include "catalog/catalog.h"
#include "config/registry.h"
#include "http/server.h"
#include "net/loop_group.h"
#include "pg/commit_wait.h"
#include "pg/target.h"
#include "serve/cache_counts.h"
#include "server/change_tracking.h"
#include "server/purging.h"
#include "telemetry/metrics.h"

namespace pando::server {

class Monitoring {
 public:
  Monitoring();

  // Counts and logs the exchanges of one event loop.
  http::ExchangeObserver NewObserver();
  // Parts whose counters are read at each scrape.
  void Attach(const pg::Target& target);
  void Attach(const http::Server& server);
  void Attach(const ChangeTracking& tracking);
  void Attach(const cache::Store& store);
  void Attach(const serve::CacheCounts& counts);
  void Attach(const Purging& purging);
  void Attach(std::shared_ptr<const MemoryBudget> memory);
  void Attach(const net::LoopGroup& loops);

  // What the admin port shows, but for the health of the server: for the control loop, as long as this lives.
  std::shared_ptr<const admin::Sources> Sources(const config::Registry& registry);

  void CountReload(bool loaded);
  void ObserveCommitDelay(Clock::duration delay);
  void SetCatalog(std::shared_ptr<const catalog::Catalog> catalog, std::shared_ptr<const KnownUntil> known) {
    catalog_ = std::move(catalog);
    catalog_known_ = std::move(known);
  }
  void SetCommitsWaiting(uint32_t count) { commits_waiting_ = count; }

 private:
  void Collect(const pg::Pool& pool);
  void Collect(std::string_view name, const pg::Lane& lane);
  void CollectProcess();
  void CollectCatalog();

  telemetry::Metrics metrics_;
  telemetry::Shard& shard_;  // of the control loop
  std::shared_ptr<const catalog::Catalog> catalog_;
  std::shared_ptr<const KnownUntil> catalog_known_;  // to hold
  uint32_t commits_waiting_ = 0;
  const cache::Store* store_ = nullptr;  // null: there is no cache
};

// Says that commits have begun to wait for a synchronous standby, or do so no longer.
void LogCommitWait(const pg::CommitWatch& watch);

}  // namespace pando::server
