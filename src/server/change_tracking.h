// Follows the database's changes for the serving process: installs what that needs, keeps the publication in step with
// the schema, and streams. A change of the schema that comes through the stream has the catalog loaded again; all
// changes drop from the cache what depends on them.
//
// The cache is held from the moment at which the schema may be another until a catalog that is not older, with what is
// published, is the one of every event loop: each such moment begins a turn.
//
// Concurrency  executor-bound (the control loop)
// Ownership    the store outlives it; co_await Stop() before destroying it
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "cache/store.h"
#include "catalog/catalog.h"
#include "catalog/names.h"
#include "changes/advice.h"
#include "changes/change_stream.h"
#include "changes/publication.h"
#include "dependencies/rule.h"
#include "net/coalesced.h"
#include "net/socket.h"
#include "net/spawn.h"
#include "net/task.h"
#include "pg/connect_options.h"

namespace pando::server {

struct ChangeTrackingOptions {
  pg::ConnectOptions connect;  // to the primary, as a role that may replicate and owns the tables
  std::vector<std::string> schemas;
  milliseconds connect_timeout = std::chrono::seconds(10);
  std::vector<std::string> uncached;  // tables, as Cacheables::excluded
  // What it tells is wanted at once though nobody asks: the stream beats all the time.
  bool is_pushed = false;
};

class ChangeTracking : private changes::ChangeSink {
 public:
  using Turn = uint64_t;
  struct Deps {
    std::function<void()> load_catalog;  // again, soon
    // What may be cached with the catalog that was taken last. To be given to every event loop, and then Live() called.
    std::function<void(std::shared_ptr<const dependencies::Cacheables>, Turn)> publish;
    // Nothing may be cached, and why. Called again whenever that is found.
    std::function<void(dependencies::Uncacheable)> nothing;
    cache::Store* store = nullptr;  // null: no cache
    // What answers of before do not hold for any more, by its tags; may be empty.
    std::function<void(const std::vector<cache::Tag>&)> dropped;
    // The secret that the servers of the database have in common, or empty, before anything is kept; may be empty.
    std::function<void(const std::string&)> share;
    // How long after its commit a transaction has been dealt with.
    std::function<void(Clock::duration)> observe_delay;
  };

  ChangeTracking(net::Executor executor, ChangeTrackingOptions options, Deps deps);

  // Goes on until Stop(), through whatever happens to the database. What keeps it from beginning is logged once.
  void Start();
  // A catalog was loaded; `schemas` are those exposed now. The publication is looked at again, soon.
  void Take(std::shared_ptr<const catalog::Catalog> catalog, std::vector<std::string> schemas);
  // Options or the schema may be others: nothing of before is to be found any more. The catalog is to be loaded again
  // after it.
  void Invalidate();
  // The same, and the catalog stands.
  void DropKept();
  // Every event loop has what was published in this turn.
  void Live(Turn turn);
  Task<void> Stop();

  const changes::ChangeStream& stream() const { return stream_; }
  // As the stream's. Thread-safe.
  Clock::time_point AskFreshAt() { return stream_.AskFreshAt(); }
  // Tables that are published, and that are not though they are exposed. Thread-safe.
  uint64_t published() const { return published_.load(std::memory_order_relaxed); }
  uint64_t unpublished() const { return unpublished_.load(std::memory_order_relaxed); }

 private:
  void OnStart(const changes::StreamOrigin& origin) override;
  void OnTransaction(const changes::Transaction& transaction) override;
  void OnHeartbeat(const changes::Heartbeat& heartbeat) override;
  void OnBreak(const Error& why) override;

  void Republish();
  Task<Result<void>> PublishAndTell();
  Task<Result<void>> PublishOnce();
  void TakePublication(const changes::Publication& publication, const catalog::Catalog* catalog);
  void TellUnpublished(const changes::Publication& publication);
  void TellAdvice(const dependencies::Cacheables& cacheables);
  void NoteMemberships(const changes::Publication& publication);
  // REQUIRES: catalog_ is set.
  void OfferCacheables(const changes::Publication& publication);
  bool IsCurrent(const catalog::Catalog& catalog);
  void BeginTurn();
  void DropAll();
  Task<void> LoadCatalogSoon();

  ChangeTrackingOptions options_;
  const Deps deps_;
  changes::ChangeStream stream_;
  net::TaskGroup tasks_;
  net::Coalesced publish_;

  Turn turn_ = 0;
  bool in_stream_ = false;
  std::optional<cache::Snapshot> floor_;  // a catalog must have seen this; nullopt: the stream has not told yet
  std::vector<changes::Xid> ddl_;         // and these, which came through the stream
  std::string fingerprint_;
  std::shared_ptr<const catalog::Catalog> catalog_;  // the one taken last, when it is current
  // Published tables by their membership, with the end of the snapshot in which each was first seen to be one.
  std::unordered_map<pgtypes::Oid, uint64_t> since_;
  std::string publication_version_;  // by which they count
  std::set<std::string> withdrawn_;  // changes::PublishOptions

  pgtypes::Oid epoch_ = 0;        // the table in which DDL is noted
  changes::Teller teller_;        // what keeps it from publishing
  std::string told_unpublished_;  // tables
  std::string told_advice_;
  bool installed_ = false;
  bool has_triggers_ = false;
  bool streaming_ = false;  // stream_ was started
  bool stopping_ = false;
  std::atomic<uint64_t> published_{0}, unpublished_{0};
};

}  // namespace pando::server
