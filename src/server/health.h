// Health is what /readyz answers by.
//
// Not ready: before the first catalog, while draining, and when the database has not answered for 30 s. Then another
// server should get the requests. Everything else that does not work is listed as degraded in an answer that stays 200:
// another server would fare no better, and one that is down for all of them would take every server out.
//
// Concurrency  thread-safe; nothing here waits for the database
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admin/handler.h"
#include "base/deadline.h"

namespace pando::server {

class Health {
 public:
  static constexpr std::chrono::seconds kSilentAfter{2};
  static constexpr std::chrono::seconds kGoneAfter{30};

  // Why a part does not work now; nullopt: it does. Called on another thread, and must not block.
  using WhyDegraded = std::function<std::optional<std::string>()>;

  void CatalogLoaded() { loaded_ = true; }
  void Draining() { draining_ = true; }
  // A host of the database has answered, at that moment.
  void DatabaseAnswered(Clock::time_point at) { answered_at_ = at.time_since_epoch().count(); }
  // The connection that watches the database is lost.
  void DatabaseLost() { lost_ = true; }
  void DatabaseFound() { lost_ = false; }
  // `why` is called until Forget().
  void Watch(std::string part, WhyDegraded why);
  void Forget();

  std::vector<admin::Check> Checks(Clock::time_point now) const;

 private:
  admin::Check DatabaseCheck(Clock::time_point now) const;

  std::atomic<bool> loaded_{false};
  std::atomic<bool> draining_{false};
  std::atomic<bool> lost_{false};
  std::atomic<Clock::rep> answered_at_{0};  // 0: never
  mutable std::mutex mutex_;
  std::list<std::pair<std::string, WhyDegraded>> parts_;  // under mutex_
};

}  // namespace pando::server
