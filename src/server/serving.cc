#include "server/serving.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <thread>

#include "base/random.h"
#include "cache/rules.h"
#include "dependencies/tags.h"
#include "http/server.h"
#include "net/coalesced.h"
#include "net/loop_group.h"
#include "net/socket.h"
#include "net/spawn.h"
#include "serve/errors.h"
#include "serve/rest_handler.h"
#include "server/catalog_watcher.h"
#include "server/change_tracking.h"
#include "server/commands.h"
#include "server/database.h"
#include "server/first_questions.h"
#include "server/freed_on.h"
#include "server/front.h"
#include "server/loop_parts.h"
#include "server/monitoring.h"
#include "server/purging.h"
#include "server/run_on.h"
#include "server/secret_files.h"
#include "server/worker_pool.h"
#include "telemetry/log.h"

namespace pando::server {
namespace {

using telemetry::Level;
using telemetry::Log;
using namespace std::chrono_literals;

uint32_t LoopCount(const ProcessOptions& options) {
  return options.loops != 0 ? options.loops : std::max(1u, std::thread::hardware_concurrency());
}

class Process {
 public:
  // `settings`: what the database said at the start; nullopt when it could not be asked.
  Process(ProgramOptions& options, config::Registry& registry, ServeDeps deps, Front& front, Database& database,
          std::optional<DatabaseSettings> settings)
      : options_(options),
        registry_(registry),
        deps_(std::move(deps)),
        front_(front),
        database_(database),
        database_settings_(std::move(settings)),
        loops_(LoopCount(options.process)),
        workers_(loops_.size()),
        tasks_(control_.get_executor()) {}

  Result<void> Build() {
    WarnOfReadableSecrets(options_, registry_);
    PANDO_CHECK(MakeVerifier());
    PublishConfig();
    PANDO_CHECK(BuildTracking());
    parts_.resize(loops_.size());
    for (uint32_t i = 0; i < loops_.size(); ++i) PANDO_CHECK(BuildParts(i));
    watcher_ = std::make_unique<CatalogWatcher>(control_.get_executor(), WatcherOptions(), WatcherDeps());
    AttachMonitoring();
    WatchParts();
    return {};
  }

  void Run() {
    const auto work = boost::asio::make_work_guard(control_);  // until Stop() is done
    loops_.Start();
    workers_.Start();
    tasks_.Spawn("start", Start());
    front_.Attach({control_.get_executor(), monitoring_.Sources(registry_), [this](int signal) { OnSignal(signal); }});
    {
      const StopRequest::Listener listener(front_.stop(),
                                           [this] { boost::asio::post(control_, [this] { BeginStop(); }); });
      control_.run();
    }
    loops_.Stop();
    loops_.Join();
    workers_.Stop();
    workers_.Join();
  }

 private:
  // ---------------------------------------------------------------------------------------------------------- build

  Result<void> MakeVerifier() {
    auth::AuthOptions auth = options_.auth;
    auth.jwt_secret = auth.jwt_secret.empty() ? database_.jwt_secret() : auth.jwt_secret;
    PANDO_TRY(std::unique_ptr<auth::Verifier> verifier, auth::Verifier::Create(auth));
    verifier_ = std::move(verifier);
    return {};
  }

  void PublishConfig() {
    config_ = serve::MakeConfig(options_.rest, verifier_, catalog_, cacheables_, catalog_known_, why_nothing_);
  }

  Result<void> BuildTracking() {
    // In somebody else's database nothing is made unasked.
    const bool may_follow = database_.is_embedded() || !options_.changes.url.empty();
    PANDO_TRY(const Bytes cache_bytes, CacheBytes(options_.cache.url, may_follow));
    if (!may_follow && options_.cache.url == "auto") {
      telemetry::Log(telemetry::Level::kInfo, "cache.off",
                     "the cache is off; to turn it on, set changes.url to the primary, with a role that has "
                     "REPLICATION and owns the tables");
    }
    if (cache_bytes.count > 0) {
      cache::StoreOptions store;
      store.bytes_max = cache_bytes.count;
      store.answer_bytes_max = options_.cache.answer_bytes_max.count;
      store_ = std::make_unique<cache::Store>(store);
    }
    PANDO_CHECK(BuildPurging());
    if (!options_.changes.enabled && !store_) return {};
    ChangeTracking::Deps deps;
    deps.load_catalog = [this] { watcher_->Outdate(); };
    deps.publish = [this](auto cacheables, ChangeTracking::Turn turn) { OnCacheables(std::move(cacheables), turn); };
    deps.nothing = [this](dependencies::Uncacheable why) {
      if (std::exchange(why_nothing_, why) != why) Publish();
    };
    deps.store = store_.get();
    if (purging_) deps.dropped = [this](const std::vector<cache::Tag>& tags) { purging_->Drop(tags); };
    if (purging_ && options_.cache.surrogate_secret.reveal().empty()) {
      deps.share = [this](const std::string& secret) { purging_->TakeSecret(secret); };
    }
    deps.observe_delay = [this](Clock::duration delay) { monitoring_.ObserveCommitDelay(delay); };
    tracking_ = std::make_unique<ChangeTracking>(control_.get_executor(), TrackingOptions(), std::move(deps));
    return {};
  }

  Result<void> BuildPurging() {
    if (options_.cache.purge_urls.empty()) return {};
    if (!store_) return Error(ErrorId::kConfigInvalid, "cache.purge_urls needs a cache, but cache.url is off");
    PANDO_TRY(std::vector<Url> urls, ParsePurgeUrls(options_.cache.purge_urls));
    std::string secret = options_.cache.surrogate_secret.reveal();
    if (secret.empty()) {
      secret = RandomText(32, "0123456789abcdef");
    } else {
      dependencies::SeedTags(secret);
    }
    surrogate_keys_ = std::make_unique<serve::SurrogateKeys>(std::move(secret));
    purging_ = std::make_unique<Purging>(control_.get_executor(), std::move(urls), *surrogate_keys_);
    return {};
  }

  pg::ConnectOptions Connect() const {
    pg::ConnectOptions connect;
    connect.uri = database_.login_uri();
    connect.pooler = PoolerOf(options_.database);
    connect.statements_max = options_.database.statements_max;
    return connect;
  }

  uint32_t Part(uint32_t total, uint32_t index) const {
    return pg::PartOf(total, static_cast<uint32_t>(loops_.size()), index);
  }

  pg::PoolOptions PoolOptionsOf(uint32_t index) const {
    const DatabaseOptions& o = options_.database;
    pg::PoolOptions pool;
    pool.connect = Connect();
    pool.connect.memory = memory_;
    pool.connections_max = Part(o.connections_max, index);
    pool.waiters_max = Part(o.waiters_max, index);
    pool.acquire_timeout = o.acquire_timeout;
    pool.connect_timeout = o.connect_timeout;
    pool.idle_timeout = o.idle_timeout;
    pool.lifetime_max = o.lifetime_max;
    return pool;
  }

  Result<void> BuildParts(uint32_t index) {
    LoopParts& parts = parts_[index];
    const net::Executor executor = loops_.executor(index);
    parts.target = std::make_unique<pg::Target>(executor, PoolOptionsOf(index));
    serve::CacheParts cache;
    if (store_) {
      parts.cache_counts = std::make_unique<serve::CacheCounts>();
      cache = {store_.get(),
               [this] { return tracking_->AskFreshAt(); },
               options_.cache.staleness_max,
               parts.cache_counts.get(),
               &own_writes_,
               surrogate_keys_.get()};
    }
    parts.database = std::make_unique<serve::PgDatabase>(*parts.target);
    const serve::RestHandler::Deps collaborators{
        *parts.database, workers_.Of(index), documents_, print_memory_, denied_log_, cache, memory_};
    parts.handler = std::make_unique<serve::RestHandler>(collaborators, config_);
    serve::RestHandler* handler = parts.handler.get();
    http::Server::Deps deps;
    deps.handler = [handler](http::Request& request, http::Response& response) {
      return handler->Handle(request, response);
    };
    deps.gate = [handler](http::Request& request, http::Response& response) {
      return handler->AdmitBody(request, response);
    };
    deps.memory = memory_;
    deps.render_error = [handler](int status, const Error& error, const http::Request* request) {
      return handler->RenderRefusal(status, error, request);
    };
    deps.connections_open = connections_open_;
    deps.observe = monitoring_.NewObserver();
    http::ServerOptions http = options_.http;
    // Port 0 is chosen once, by the first loop.
    if (index > 0) http.listen = bound_;
    PANDO_TRY(parts.server, http::Server::Listen(executor, http, std::move(deps)));
    if (index == 0) RememberPorts(*parts.server);
    return {};
  }

  void RememberPorts(const http::Server& server) {
    const std::vector<uint16_t> ports = server.ports();
    for (size_t i = 0; i < options_.http.listen.size() && i < ports.size(); ++i) {
      const std::string& address = options_.http.listen[i];
      bound_.push_back(address.substr(0, address.rfind(':') + 1) + std::to_string(ports[i]));
    }
  }

  CatalogWatcherOptions WatcherOptions() const {
    CatalogWatcherOptions watcher;
    watcher.connect = Connect();
    watcher.connect.statements_max = 3;  // of the fingerprint and of the commits
    watcher.introspect = IntrospectionOf(options_.rest);
    watcher.channel = options_.database.channel;
    watcher.listen = watcher.connect.pooler != pg::Pooler::kTransaction;
    watcher.connect_timeout = options_.database.connect_timeout;
    return watcher;
  }

  CatalogWatcher::Deps WatcherDeps() {
    CatalogWatcher::Deps deps;
    deps.publish = [this](auto catalog, auto known) { OnCatalog(std::move(catalog), std::move(known)); };
    deps.outdated = [this] { OnOutdated(); };
    deps.regranted = [this] { OnRegranted(); };
    deps.reset = [this] { OnReset(); };
    deps.forget = [this] { CleanConnections(); };
    deps.answered = [this] { front_.health().DatabaseAnswered(Clock::now()); };
    deps.connected = [this](bool connected) {
      connected ? front_.health().DatabaseFound() : front_.health().DatabaseLost();
    };
    deps.commits = [this](const pg::CommitWatch& commits) { NoteCommits(commits); };
    deps.pooler_found = [this](const Error& error) { GiveUpDatabase(error); };
    deps.reload_config = [this] { RequestReload(); };
    deps.count = [this](bool loaded) { monitoring_.CountReload(loaded); };
    return deps;
  }

  ChangeTrackingOptions TrackingOptions() const {
    ChangeTrackingOptions tracking;
    tracking.connect.uri = database_.changes_uri();
    tracking.schemas = options_.rest.schemas;
    tracking.connect_timeout = options_.database.connect_timeout;
    tracking.uncached = options_.cache.excluded_relations;
    tracking.is_pushed = purging_ != nullptr;
    return tracking;
  }

  static introspect::IntrospectOptions IntrospectionOf(const serve::RestOptions& rest) {
    introspect::IntrospectOptions introspect;
    introspect.schemas = rest.schemas;
    introspect.extra_search_path = rest.extra_search_path;
    introspect.pre_request = rest.pre_request.value_or("");
    return introspect;
  }

  void AttachMonitoring() {
    for (const LoopParts& parts : parts_) {
      monitoring_.Attach(*parts.target);
      monitoring_.Attach(*parts.server);
      if (parts.cache_counts) monitoring_.Attach(*parts.cache_counts);
    }
    if (tracking_) monitoring_.Attach(*tracking_);
    if (store_) monitoring_.Attach(*store_);
    if (purging_) monitoring_.Attach(*purging_);
    monitoring_.Attach(memory_);
    monitoring_.Attach(loops_);
  }

  // Called by the front's thread, until it is detached.
  void WatchParts() {
    if (!tracking_) return;
    const auto needs_stream = [this](const char* part, std::string without) {
      front_.health().Watch(part, [this, without = std::move(without)]() -> std::optional<std::string> {
        if (tracking_->stream().stats().streaming) return std::nullopt;
        return without;
      });
    };
    needs_stream("changes", "Pando does not follow the changes of the database");
    if (store_) needs_stream("cache", "the cache is not used while Pando does not follow the changes of the database");
  }

  // ------------------------------------------------------------------------------------------------------------ run

  Task<void> Start() {
    const Result<void> loaded = co_await watcher_->LoadOnce();
    if (stopping_) co_return;
    monitoring_.CountReload(loaded.has_value());
    if (!loaded) {
      Log(Level::kError, "catalog.load_failed",
          "Pando cannot read the schema of the database; until it can, requests are answered 503: " +
              loaded.error().ToString());
    }
    watcher_->Start(loaded.has_value());
    if (tracking_) tracking_->Start();
    if (purging_) purging_->Start();
    for (size_t i = 0; i < parts_.size(); ++i) {
      loops_.Post(i, [server = parts_[i].server.get()] { server->Start(); });
    }
    for (const std::string& address : bound_) {
      Log(Level::kInfo, "server.listening", "Pando accepts requests", {{"address", std::string_view(address)}});
    }
  }

  void OnCatalog(std::shared_ptr<const catalog::Catalog> catalog, std::shared_ptr<const KnownUntil> known) {
    // Freeing one of 10,000 relations takes a tenth of a second.
    catalog_ = FreedOn(workers_.executor(), std::move(catalog));
    catalog_known_ = std::move(known);
    monitoring_.SetCatalog(catalog_, catalog_known_);
    front_.health().CatalogLoaded();
    // What the session's own caches hold of an expression is not discarded.
    catalog_->snapshot().folds_last ? RenewConnections() : CleanConnections();
    Publish();
    if (tracking_) tracking_->Take(catalog_, options_.rest.schemas);
    // The database was away at the start, and now it is not.
    if (!database_settings_ && !std::exchange(asked_again_, true)) RequestReload();
  }

  void OnCacheables(std::shared_ptr<const dependencies::Cacheables> cacheables, ChangeTracking::Turn turn) {
    cacheables_ = std::move(cacheables);
    PublishConfig();
    const auto waiting = std::make_shared<std::atomic<size_t>>(parts_.size());
    loops_.PostToEach([this, config = config_, waiting, turn](size_t index) {
      parts_[index].handler->Update(config);
      if (waiting->fetch_sub(1) > 1) return;
      boost::asio::post(control_, [this, turn] { tracking_->Live(turn); });
    });
  }

  // The stream does not tell of every change: event triggers fire for none of roles or databases, and may be off.
  void OnOutdated() {
    CleanConnections();
    if (tracking_ && cache::Holds(cache::Rule::kFingerprint)) tracking_->Invalidate();
  }

  void OnRegranted() {
    CleanConnections();
    DropKept();
  }

  void OnReset() {
    RenewConnections();
    DropKept();
  }

  void DropKept() {
    if (tracking_ && cache::Holds(cache::Rule::kFingerprint)) tracking_->DropKept();
  }

  void RenewConnections() {
    loops_.PostToEach([this](size_t index) { parts_[index].target->Renew(); });
  }

  // When the schema changes: what a function was thought not to leave may be there. And before a catalog is published,
  // so that no request that is planned by it runs what was prepared before.
  void CleanConnections() {
    loops_.PostToEach([this](size_t index) { parts_[index].target->CleanAll(); });
  }

  void NoteCommits(const pg::CommitWatch& watch) {
    monitoring_.SetCommitsWaiting(watch.waiting);
    if (watch.wait == commit_wait_) return;
    if (watch.wait.is_long != commit_wait_.is_long) LogCommitWait(watch);
    commit_wait_ = watch.wait;
    loops_.PostToEach([this, wait = watch.wait](size_t index) { parts_[index].target->Note(wait); });
  }

  void GiveUpDatabase(const Error& error) {
    loops_.PostToEach([this, error](size_t index) { parts_[index].target->GiveUp(error); });
  }

  // Gives every loop the configuration and catalog of now; requests in flight keep theirs.
  void Publish() {
    PublishConfig();
    documents_.Update(config_);
    loops_.PostToEach([this, config = config_](size_t index) { parts_[index].handler->Update(config); });
  }

  void OnSignal(int signal) {
    if (signal == SIGHUP) RequestReload();
    if (signal == SIGUSR1) watcher_->Outdate();
  }

  void BeginStop() {
    if (std::exchange(stopping_, true)) return;
    reload_.Stop();
    // No task of tasks_: the loop is stopped when its frames are gone.
    net::StartTask(control_.get_executor(), "stop", Stop(), {}, [this] { control_.stop(); });
  }

  void RequestReload() { reload_.Request(); }

  // Never fails: what could not be reloaded stays as it was, until the next request.
  Task<Result<void>> ReloadConfig() {
    Result<DatabaseSettings> settings = co_await AskDatabase(options_, database_);
    if (stopping_) co_return Result<void>();
    if (settings) {
      database_settings_ = std::move(*settings);
    } else {
      Log(Level::kWarn, "config.database_unread",
          "Pando cannot read the options that the database holds, and keeps those that it has: " +
              settings.error().ToString());
    }
    const Result<void> reloaded = TryReloadConfig();
    if (!reloaded) Log(Level::kError, "config.reload_failed", reloaded.error().ToString());
    co_return Result<void>();
  }

  Result<void> TryReloadConfig() {
    PANDO_TRY(config::Sources sources, deps_.read_sources());
    if (database_settings_) sources.database_settings = *database_settings_;
    PANDO_TRY(const config::ReloadReport report, registry_.Update(sources));
    for (const auto& change : report.changed) {
      Log(Level::kInfo, "config.changed",
          "the option " + change.option + " changed from " + change.from + " to " + change.to);
    }
    for (const auto& change : report.needs_restart) {
      Log(Level::kWarn, "config.needs_restart",
          "the option " + change.option + " keeps " + change.from + " until Pando is started again");
    }
    WarnOfReadableSecrets(options_, registry_);
    PANDO_CHECK(MakeVerifier());
    telemetry::ConfigureLog(options_.log);
    if (tracking_) tracking_->Invalidate();
    Publish();
    watcher_->SetIntrospection(IntrospectionOf(options_.rest));
    watcher_->Reload();
    memory_->SetMax(options_.http.memory_max.count);
    const http::ServerOptions http = options_.http;
    for (uint32_t i = 0; i < parts_.size(); ++i) {
      const uint32_t connections = Part(options_.database.connections_max, i);
      loops_.Post(i, [&parts = parts_[i], http, connections] {
        parts.target->Resize(connections);
        const Result<void> reloaded = parts.server->Reload(http);
        if (!reloaded) {
          Log(Level::kError, "http.reload_failed",
              "the new options of http are not used; correct them and send SIGHUP again: " +
                  reloaded.error().ToString());
        }
      });
    }
    return {};
  }

  Task<void> Stop() {
    Log(Level::kInfo, "server.stopping",
        "Pando stops: it accepts no more connections, and requests in flight have http.drain_grace to finish");
    front_.health().Draining();
    tasks_.Cancel();
    const Deadline grace = Deadline::After(options_.http.drain_grace);
    for (size_t i = 0; i < parts_.size(); ++i) {
      Task<void> drain = parts_[i].server->Drain(grace);
      draining_.Spawn("drain", RunOn(loops_.executor(i), std::move(drain)));
    }
    co_await draining_.Join();
    co_await watcher_->Stop();
    if (tracking_) co_await tracking_->Stop();
    if (purging_) co_await purging_->Stop();
    co_await front_.Detach();
    for (size_t i = 0; i < parts_.size(); ++i) {
      draining_.Spawn("close", RunOn(loops_.executor(i), parts_[i].Close()));
    }
    co_await draining_.Join();
    front_.ReleaseSignals();
    co_await tasks_.Join();
    Log(Level::kInfo, "server.stopped", "Pando has stopped: no request is in flight");
  }

  ProgramOptions& options_;
  config::Registry& registry_;
  ServeDeps deps_;
  Front& front_;
  Database& database_;
  std::optional<DatabaseSettings> database_settings_;  // nullopt: it could not be asked yet
  boost::asio::io_context control_{1};
  net::LoopGroup loops_;
  WorkerPool workers_;
  serve::OpenApiDocuments documents_;
  serve::PrintMemory print_memory_;
  serve::DeniedLog denied_log_;
  Monitoring monitoring_;
  // Of bodies and answers; each loop's parts share it.
  const std::shared_ptr<MemoryBudget> memory_ = std::make_shared<MemoryBudget>(options_.http.memory_max.count);
  std::unique_ptr<cache::Store> store_;                   // null: no cache; outlives what is on the loops
  serve::OwnWrites own_writes_;                           // likewise
  std::unique_ptr<serve::SurrogateKeys> surrogate_keys_;  // likewise; null: no cache in front is told what changes
  std::vector<LoopParts> parts_;                          // constant after Build(); each on its own loop
  const std::shared_ptr<std::atomic<uint64_t>> connections_open_ = std::make_shared<std::atomic<uint64_t>>(0);
  std::vector<std::string> bound_;  // http.listen with the ports that were chosen
  pg::CommitWait commit_wait_;      // on the control loop, as all below
  std::shared_ptr<auth::Verifier> verifier_;
  std::shared_ptr<const catalog::Catalog> catalog_;
  std::shared_ptr<const KnownUntil> catalog_known_;  // to hold
  std::shared_ptr<const serve::Config> config_;
  std::unique_ptr<CatalogWatcher> watcher_;
  std::shared_ptr<const dependencies::Cacheables> cacheables_;
  dependencies::Uncacheable why_nothing_ = dependencies::Uncacheable::kNoStream;  // may be kept, where it is so
  std::unique_ptr<Purging> purging_;                                              // null: as surrogate_keys_
  std::unique_ptr<ChangeTracking> tracking_;  // null when nobody wants to know of changes
  net::TaskGroup tasks_;
  net::Coalesced reload_{control_.get_executor(), tasks_, "config reload", [this] { return ReloadConfig(); }, {}};
  net::TaskGroup draining_{control_.get_executor()};
  bool asked_again_ = false;  // for the settings of a database that was away at the start
  bool stopping_ = false;
};

Result<void> Run(ProgramOptions& options, config::Registry& registry, ServeDeps deps, Front& front,
                 Database& database) {
  PANDO_CHECK(RefusePooler(options, database, front.stop()));
  PANDO_TRY(std::optional<DatabaseSettings> settings,
            LoadDatabaseSettings(options, registry, deps, database, front.stop()));
  WarnOfPendingMigrations(options, database.owner_uri(), front.stop());
  if (front.stop().asked()) return {};
  Process process(options, registry, std::move(deps), front, database, std::move(settings));
  PANDO_CHECK(process.Build());
  process.Run();
  return {};
}

}  // namespace

Result<void> Serve(ProgramOptions& options, config::Registry& registry, ServeDeps deps) {
  telemetry::ConfigureLog(options.log);
  net::RaiseOpenFileLimit();
  PANDO_TRY(const std::unique_ptr<Front> front, Front::Start(options.admin));
  Result<Database> database = Database::Open(options, &front->stop());
  if (front->stop().asked() && !database) return front->stop().outcome();
  if (!database) return database.error();
  const Result<void> ran = Run(options, registry, std::move(deps), *front, *database);
  front->health().Forget();
  database->Close(options.embedded.stop_grace);
  return front->stop().asked() ? front->stop().outcome() : ran;
}

}  // namespace pando::server
