// Keeps the catalog current: loads it at start, after NOTIFY, on request, and after the database was away.
//
// Concurrency  executor-bound (the control loop)
// Ownership    co_await Stop() before destroying it
// Bounds       one load at a time; requests that come during a load are answered by one more
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "catalog/catalog.h"
#include "introspect/introspect.h"
#include "net/spawn.h"
#include "net/task.h"
#include "pg/connect_options.h"
#include "pg/notification.h"

namespace pando::pg {
class Connection;
}

namespace pando::server {

struct CatalogWatcherOptions {
  pg::ConnectOptions connect;
  introspect::IntrospectOptions introspect;
  std::string channel = "pgrst";
  bool listen = true;
  milliseconds connect_timeout = std::chrono::seconds(10);
};

class CatalogWatcher {
 public:
  struct Deps {
    std::function<void(std::shared_ptr<const catalog::Catalog>)> publish;  // a new version
    std::function<void()> reload_config;                                   // NOTIFY ..., 'reload config'
    std::function<void(bool loaded)> count;                                // each attempt; may be empty
  };

  CatalogWatcher(net::Executor executor, CatalogWatcherOptions options, Deps deps);

  // Tries once and returns the outcome; publishes on success. For the start, before Start().
  Task<Result<void>> LoadOnce();
  // Listens and reloads until Stop().
  void Start(bool loaded);
  // Loads again, soon.
  void Reload();
  // What to load from now on; call Reload() to have it.
  void SetIntrospection(introspect::IntrospectOptions options) { options_.introspect = std::move(options); }
  Task<void> Stop();

  // The database answered last: its connection stands, or the first load went well and nothing has failed since.
  bool connected() const { return connected_; }

 private:
  Task<void> Listen();
  Task<void> ListenOn(std::unique_ptr<pg::Connection>& connection);
  Task<void> LoadUntilCurrent();
  void OnNotification(const pg::Notification& notification);

  const net::Executor executor_;
  CatalogWatcherOptions options_;
  Deps deps_;
  net::TaskGroup tasks_;
  bool loading_ = false;  // LoadUntilCurrent() runs
  bool again_ = false;    // and must load once more
  bool stopping_ = false;
  bool connected_ = false;
};

}  // namespace pando::server
