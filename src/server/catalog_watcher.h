// Keeps the catalog current: loads it at start, after NOTIFY, on request, after the database was away, and whenever the
// fingerprint of the schema is another: it is asked for twice a second, on the connection that listens.
//
// Each catalog comes with how long it is known to be that of the database. A catalog that is not known to be so any
// more stays in use, for requests that rely on nothing that it says of what others observe or leave behind.
//
// Concurrency  executor-bound (the control loop)
// Ownership    co_await Stop() before destroying it
// Bounds       one load at a time; requests that come during a load are answered by one more
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/known_until.h"
#include "catalog/catalog.h"
#include "introspect/fingerprint.h"
#include "introspect/introspect.h"
#include "net/coalesced.h"
#include "net/spawn.h"
#include "net/task.h"
#include "pg/commit_wait.h"
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
  bool listen = true;  // to `channel`; false where a pooler lends transactions
  milliseconds connect_timeout = std::chrono::seconds(10);
};

class CatalogWatcher {
 public:
  struct Deps {
    // A new version, and until when it is known to hold.
    std::function<void(std::shared_ptr<const catalog::Catalog>, std::shared_ptr<const KnownUntil>)> publish;
    std::function<void()> outdated;  // the version published last does not hold any more
    // It holds, but rights may have come and gone between two looks: nothing that was read by them is to be shown.
    std::function<void()> regranted;
    // It holds, but sessions begin with other settings: neither what is kept nor the connections are to be used.
    std::function<void()> reset;
    // It holds, but connections may have kept what no look has seen: to be called now and then.
    std::function<void()> forget;
    std::function<void()> answered;                 // the database has, if only with a refusal: twice a second or so
    std::function<void(bool connected)> connected;  // the connection that looks stands, or is lost
    std::function<void(const pg::CommitWatch&)> commits;  // how they go, as often as is looked
    std::function<void(const Error&)> pooler_found;       // one that lends less than a session, against what was said
    std::function<void()> reload_config;                  // NOTIFY ..., 'reload config'
    std::function<void(bool loaded)> count;               // each attempt; may be empty
  };

  CatalogWatcher(net::Executor executor, CatalogWatcherOptions options, Deps deps);

  // Tries once and returns the outcome; publishes on success. For the start, before Start().
  Task<Result<void>> LoadOnce();
  // Listens and reloads until Stop().
  void Start(bool loaded);
  // Loads again, soon: options are others.
  void Reload();
  // The schema may be another than that of the catalog: it does not count as known until it has been loaded again.
  void Outdate();
  // What to load from now on; call Reload() to have it.
  void SetIntrospection(introspect::IntrospectOptions options) { options_.introspect = std::move(options); }
  Task<void> Stop();

 private:
  Task<void> Watch();
  Task<void> WatchOn(pg::Connection& connection);
  Task<Result<void>> Listen(pg::Connection& connection);
  Task<Result<void>> Hear(pg::Connection& connection, Deadline until);
  Task<Result<void>> Look(pg::Connection& connection);
  void Compare(const introspect::Fingerprint& seen, Clock::time_point looked_at);
  void ForgetWhatPassed(const introspect::Fingerprint& last, Clock::time_point looked_at);
  void EndKnown();
  void TellWatchFailed(const Error& error);
  Task<Result<void>> LoadAndTell();
  void OnNotification(const pg::Notification& notification);
  void TellIgnoredSettings(const catalog::Catalog& catalog);

  CatalogWatcherOptions options_;
  Deps deps_;
  net::TaskGroup tasks_;
  net::Coalesced load_;
  std::string told_ignored_settings_;
  bool stopping_ = false;
  introspect::Fingerprint seen_;               // on the connection that watches
  Clock::time_point looked_at_;                // when that look began
  bool was_reset_ = false;                     // settings were others, at the look before
  std::string forgotten_by_;                   // the snapshot of when connections were told to forget last
  Clock::time_point forgotten_at_;             // likewise
  std::shared_ptr<KnownUntil> known_;          // of the catalog published last; null: none was
  std::string fingerprint_;                    // likewise
  Clock::time_point published_load_begun_at_;  // likewise
  Clock::time_point outdated_at_ = Clock::time_point::min();
  std::string told_;  // why the schema cannot be watched
};

}  // namespace pando::server
