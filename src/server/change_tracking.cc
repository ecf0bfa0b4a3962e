#include "server/change_tracking.h"

#include <algorithm>

#include "cache/rules.h"
#include "catalog/snapshot.h"
#include "changes/install.h"
#include "dependencies/advice.h"
#include "dependencies/invalidation.h"
#include "net/sleep.h"
#include "pg/connection.h"
#include "telemetry/log.h"

namespace pando::server {
namespace {

using telemetry::Level;
using telemetry::Log;
using namespace std::chrono_literals;

constexpr auto kPublishTimeout = 60s;
constexpr auto kRetryMin = 500ms;
constexpr auto kRetryMax = 30s;
constexpr size_t kTablesTold = 10;  // in one line of the log
// Before a catalog is loaded again that did not see what the stream has shown.
constexpr auto kReloadPause = 50ms;

changes::ChangeStreamOptions StreamOptions(const ChangeTrackingOptions& options) {
  changes::ChangeStreamOptions stream;
  stream.connect = options.connect;
  if (options.is_pushed) stream.heartbeat_idle = stream.heartbeat_every;
  stream.connect.statements_max = 1;
  stream.publication = changes::kPublication;
  stream.connect_timeout = options.connect_timeout;
  return stream;
}

// Whether the schema is still that of the catalog that saw $1.
constexpr const char* kSchemaStands = R"sql(
SELECT NOT EXISTS (SELECT FROM pando_changes.epoch WHERE refreshed IS NULL
  AND xid >= pg_catalog.pg_snapshot_xmin($1::pg_catalog.pg_snapshot)
  AND NOT pg_catalog.pg_visible_in_snapshot(xid, $1::pg_catalog.pg_snapshot))
)sql";

std::shared_ptr<const pg::LaneBracket> MakeBracket(const catalog::Catalog& catalog) {
  auto bracket = std::make_shared<pg::LaneBracket>();
  bracket->before =
      pg::Command{"SELECT pg_catalog.pg_current_snapshot() WHERE NOT pg_catalog.pg_is_in_recovery()", {}, true};
  bracket->after = pg::Command{kSchemaStands, {catalog.snapshot().read_at}, true};
  return bracket;
}

// A row in the epoch that stands for more than the rows of one view.
bool IsSchemaChange(const changes::Change& change) {
  const changes::Table& table = *change.table;
  if (!change.after || table.schema != changes::kSchema || table.name != changes::kEpochTable) return false;
  for (size_t i = 0; i < table.columns.size() && i < change.after->size(); ++i) {
    if (table.columns[i].name == "refreshed") return (*change.after)[i].kind == changes::Cell::Kind::kNull;
  }
  return true;
}

// By the database's clock.
std::chrono::system_clock::time_point CommitTime(const changes::Transaction& transaction) {
  constexpr std::chrono::sys_days kPostgresEpoch = std::chrono::year(2000) / 1 / 1;
  return kPostgresEpoch + std::chrono::microseconds(transaction.commit_us);
}

// A table that shows rows of others is known when it and all of these are.
void AddTree(const changes::TableTree& tree, std::unordered_map<pgtypes::Oid, dependencies::CacheableTable>& tables) {
  std::vector<pgtypes::Oid> needed = tree.below;
  if (tree.has_rows) needed.push_back(tree.root);
  const auto is_known = [&](pgtypes::Oid oid) { return tables.contains(oid); };
  if (!tree.published || !std::all_of(needed.begin(), needed.end(), is_known)) {
    tables.erase(tree.root);
    return;
  }
  uint64_t visible_from = 0;
  for (const pgtypes::Oid oid : needed) visible_from = std::max(visible_from, tables.at(oid).visible_from);
  tables[tree.root] = dependencies::CacheableTable{visible_from, false, tree.below};
}

// A view is known when all that it looks into is: it changes when one of these does.
void AddView(const catalog::Relation& view, const std::vector<std::string>& excluded,
             std::unordered_map<pgtypes::Oid, dependencies::CacheableTable>& tables) {
  dependencies::CacheableTable known;
  for (const catalog::Relation::Shown& shown : view.shows) {
    const auto table = tables.find(shown.oid);
    if (table == tables.end() || catalog::IsNamed(shown.name, excluded)) return;
    known.visible_from = std::max(known.visible_from, table->second.visible_from);
    // Its rows are told by the table's.
    known.by_key = view.one_for_one && table->second.by_key;
    if (!known.by_key) known.below.push_back(shown.oid);
    known.below.insert(known.below.end(), table->second.below.begin(), table->second.below.end());
  }
  if (!cache::Holds(cache::Rule::kViewTags)) known = {known.visible_from, false, {}};
  tables.emplace(view.oid, std::move(known));
}

}  // namespace

ChangeTracking::ChangeTracking(net::Executor executor, ChangeTrackingOptions options, Deps deps)
    : options_(std::move(options)),
      deps_(std::move(deps)),
      stream_(executor, StreamOptions(options_), *this),
      tasks_(executor),
      publish_(executor, tasks_, "publish", [this] { return PublishAndTell(); }, {kRetryMin, kRetryMax}) {
  if (deps_.store) deps_.store->Hold();
}

void ChangeTracking::Start() { Republish(); }

void ChangeTracking::Take(std::shared_ptr<const catalog::Catalog> catalog, std::vector<std::string> schemas) {
  catalog_ = nullptr;
  if (IsCurrent(*catalog)) {
    catalog_ = std::move(catalog);
  } else if (in_stream_ && floor_) {
    tasks_.Spawn("catalog again", LoadCatalogSoon());
  }
  options_.schemas = std::move(schemas);
  Republish();
}

// Whether it saw everything that is known to have changed the schema. Forgets what it saw.
bool ChangeTracking::IsCurrent(const catalog::Catalog& catalog) {
  const std::optional<cache::Snapshot> seen = cache::Snapshot::Parse(catalog.snapshot().read_at);
  if (!in_stream_ || !floor_ || !seen || !seen->Includes(*floor_)) return false;
  std::erase_if(ddl_, [&](changes::Xid xid) { return seen->Sees(xid); });
  return ddl_.empty();
}

Task<void> ChangeTracking::LoadCatalogSoon() {
  const Result<void> slept = co_await net::SleepFor(kReloadPause);
  if (slept && !stopping_) deps_.load_catalog();
}

void ChangeTracking::BeginTurn() {
  ++turn_;
  catalog_ = nullptr;
  if (deps_.store) deps_.store->Hold();
  DropAll();
}

void ChangeTracking::DropAll() {
  if (deps_.dropped) deps_.dropped({cache::kEverything});
}

void ChangeTracking::Invalidate() { BeginTurn(); }

void ChangeTracking::DropKept() {
  std::shared_ptr<const catalog::Catalog> catalog = catalog_;
  BeginTurn();
  catalog_ = std::move(catalog);
  Republish();
}

void ChangeTracking::Live(Turn turn) {
  if (turn != turn_ || !in_stream_ || !deps_.store) return;
  deps_.store->Release();
}

// At once: what comes now was read from a database that answers.
void ChangeTracking::Republish() { publish_.RequestAtOnce(); }

Task<void> ChangeTracking::Stop() {
  stopping_ = true;
  publish_.Stop();
  tasks_.Cancel();
  co_await tasks_.Join();
  if (streaming_) co_await stream_.Stop();
}

Task<Result<void>> ChangeTracking::PublishAndTell() {
  Result<void> published = co_await PublishOnce();
  if (!published && !stopping_) {
    teller_.Tell(published.error());
    installed_ = false;  // it may have been dropped
  }
  co_return std::move(published);
}

Task<Result<void>> ChangeTracking::PublishOnce() {
  const Deadline connect_by = Deadline::After(options_.connect_timeout);
  pg::ConnectOptions connect = options_.connect;
  PANDO_CO_TRY(const std::unique_ptr<pg::Connection> connection,
               co_await pg::Connection::Open(std::move(connect), connect_by));
  const Deadline deadline = Deadline::After(kPublishTimeout);
  if (!installed_) {
    PANDO_CO_TRY(const changes::Installed installed, co_await changes::Install(*connection, deadline));
    installed_ = true;
    has_triggers_ = installed.triggers;
    if (!streaming_ && deps_.share) deps_.share(installed.secret);
    if (!has_triggers_) {
      Log(Level::kWarn, "changes.no_triggers",
          "nothing is cached, because Pando cannot see changes of the schema: that needs event triggers, which only a "
          "superuser may create; let the role of changes.url be one");
    }
  }
  changes::PublishOptions options;
  options.schemas = options_.schemas;
  options.only_identified = cache::Holds(cache::Rule::kIdentity);
  options.restores = cache::Holds(cache::Rule::kPublication);
  options.withdrawn = withdrawn_;
  const std::shared_ptr<const catalog::Catalog> catalog = catalog_;
  PANDO_CO_TRY(const changes::Publication publication,
               co_await changes::Publish(*connection, std::move(options), deadline));
  TakePublication(publication, catalog.get());
  co_return Result<void>();
}

// `catalog` is the one before which nothing of `publication` was read.
void ChangeTracking::TakePublication(const changes::Publication& publication, const catalog::Catalog* catalog) {
  teller_.Forget();
  epoch_ = publication.epoch;
  withdrawn_ = publication.withdrawn;
  published_.store(publication.tables.size(), std::memory_order_relaxed);
  unpublished_.store(publication.unpublished.size(), std::memory_order_relaxed);
  TellUnpublished(publication);
  if (publication.was_restored) {
    Log(Level::kWarn, "changes.publication_restored",
        "the publication \"pando\" was altered, which hides changes from the cache; Pando has restored it. Leave it as "
        "it is");
  }
  NoteMemberships(publication);
  if (catalog && catalog == catalog_.get()) OfferCacheables(publication);
  if (!streaming_ && !stopping_) {
    streaming_ = true;
    stream_.Start();
  }
}

void ChangeTracking::TellUnpublished(const changes::Publication& publication) {
  std::string told;
  for (size_t i = 0; i < std::min(publication.unpublished.size(), kTablesTold); ++i) {
    told += (told.empty() ? "" : "; ") + changes::Cure(publication.unpublished[i], publication.role);
  }
  if (publication.unpublished.size() > kTablesTold) {
    told += "; and " + std::to_string(publication.unpublished.size() - kTablesTold) + " more tables";
  }
  if (!told.empty() && told != told_unpublished_) {
    Log(Level::kInfo, "changes.unpublished",
        "the change stream does not carry the changes of some tables, whose rows are not cached; to change that: " +
            told);
  }
  told_unpublished_ = std::move(told);
}

void ChangeTracking::NoteMemberships(const changes::Publication& publication) {
  if (publication_version_ != publication.version) since_.clear();
  publication_version_ = publication.version;
  std::unordered_map<pgtypes::Oid, uint64_t> since;
  for (const changes::PublishedTable& table : publication.tables) {
    const auto known = since_.find(table.membership);
    since.emplace(table.membership, known != since_.end() ? known->second : publication.snapshot_xmax);
  }
  since_ = std::move(since);
}

void ChangeTracking::OfferCacheables(const changes::Publication& publication) {
  if (!deps_.store) return;
  if (!has_triggers_) return deps_.nothing(dependencies::Uncacheable::kNoTriggers);
  const std::string& read_from = catalog_->snapshot().read_from;
  if (read_from != publication.database || read_from.ends_with("replica")) {
    Log(Level::kWarn, "cache.other_database",
        "nothing is cached, because database.url and changes.url do not reach the primary of the same database; "
        "correct one of them");
    return deps_.nothing(dependencies::Uncacheable::kOtherDatabase);
  }
  auto cacheables = std::make_shared<dependencies::Cacheables>();
  auto& tables = cacheables->tables;
  for (const changes::PublishedTable& table : publication.tables) {
    tables[table.oid] = dependencies::CacheableTable{since_[table.membership], table.by_key, {}};
  }
  for (const changes::TableTree& tree : publication.trees) AddTree(tree, tables);
  for (const catalog::Relation& relation : catalog_->snapshot().relations) {
    if (relation.kind == catalog::Relation::Kind::kView) AddView(relation, options_.uncached, tables);
  }
  cacheables->excluded = options_.uncached;
  cacheables->bracket = MakeBracket(*catalog_);
  TellAdvice(*cacheables);
  deps_.publish(std::move(cacheables), turn_);
}

void ChangeTracking::TellAdvice(const dependencies::Cacheables& cacheables) {
  std::string advice = dependencies::CacheAdvice(*catalog_, cacheables, kTablesTold);
  if (!advice.empty() && advice != told_advice_)
    Log(Level::kInfo, "cache.advice", "the cache does less than it could; reads of " + advice);
  told_advice_ = std::move(advice);
}

void ChangeTracking::OnStart(const changes::StreamOrigin&) {
  in_stream_ = true;
  floor_.reset();
  ddl_.clear();
}

void ChangeTracking::OnTransaction(const changes::Transaction& transaction) {
  if (deps_.store) {
    const std::vector<cache::Tag> tags = dependencies::InvalidatedBy(transaction);
    deps_.store->Change(transaction.xid, tags);
    if (deps_.dropped) deps_.dropped(tags);
  }
  deps_.observe_delay(std::max<Clock::duration>(std::chrono::system_clock::now() - CommitTime(transaction), 0ns));
  const bool changed = transaction.unlisted.contains(epoch_) ||
                       std::any_of(transaction.changes.begin(), transaction.changes.end(), IsSchemaChange);
  if (!changed) return;
  ddl_.push_back(transaction.xid);
  BeginTurn();
  deps_.load_catalog();
}

void ChangeTracking::OnHeartbeat(const changes::Heartbeat& heartbeat) {
  const std::optional<cache::Snapshot> snapshot = cache::Snapshot::Parse(heartbeat.snapshot);
  if (!snapshot) return;
  if (deps_.store) deps_.store->Settle(*snapshot);
  const bool same = heartbeat.fingerprint == fingerprint_ || !cache::Holds(cache::Rule::kFingerprint);
  if (floor_ && same) return;
  // What happened to the schema before the stream began was not told, nor is what no trigger sees.
  // The triggers and the publication are in it: somebody may have dropped or altered them.
  if (heartbeat.fingerprint != fingerprint_) installed_ = false;
  fingerprint_ = heartbeat.fingerprint;
  floor_ = snapshot;
  BeginTurn();
  deps_.load_catalog();
}

void ChangeTracking::OnBreak(const Error& why) {
  in_stream_ = false;
  constexpr std::string_view kUndefinedObject = "42704";
  if (why.sqlstate() == kUndefinedObject) {  // the publication is gone
    installed_ = false;
    Republish();
  }
  ++turn_;
  catalog_ = nullptr;
  if (deps_.store) deps_.store->Break();
  DropAll();
}

}  // namespace pando::server
