#include "server/monitoring.h"

#include <array>

#include "cache/report.h"
#include "catalog/snapshot.h"
#include "config/dump.h"
#include "telemetry/log.h"
#include "telemetry/process_metrics.h"
#include "telemetry/version.h"

namespace pando::server {
namespace {

using telemetry::MetricId;

// What exists has a series of its own; anybody can invent paths, and all those share this one.
const std::string kUnknown = "unknown";

std::string_view KindOf(std::string_view route) {
  if (route == "/") return "root";
  if (route == kUnknown) return "other";
  return route.starts_with("rpc/") ? "function" : "relation";
}

double Seconds(Clock::duration span) { return std::chrono::duration<double>(span).count(); }

// Counts one loop's exchanges; the shard is that loop's alone.
class Observer {
 public:
  explicit Observer(telemetry::Shard& shard)
      : shard_(shard),
        bytes_in_(shard.CounterFor(MetricId::kHttpBytesIn, {})),
        bytes_out_(shard.CounterFor(MetricId::kHttpBytesOut, {})) {}

  void operator()(const http::Exchange& exchange) {
    bytes_in_.Add(exchange.bytes_in);
    bytes_out_.Add(exchange.bytes_out);
    if (!exchange.request) return;
    const http::Request& request = *exchange.request;
    const bool known = exchange.response && !exchange.response->route.empty();
    const Series& series = SeriesOf(request.method, known ? exchange.response->route : kUnknown, exchange.status);
    series.requests->Add();
    series.durations->Observe(exchange.duration);
    if (exchange.response && exchange.response->error_code.starts_with("PGRST30")) {
      shard_.CounterFor(MetricId::kAuthFailures, {exchange.response->error_code}).Add();
    }
    if (telemetry::AccessLogEnabled()) LogLine(exchange, request);
  }

 private:
  struct Series {
    std::string method, route;
    int status = 0;
    telemetry::Counter* requests = nullptr;
    telemetry::Histogram* durations = nullptr;
  };

  // Few series are counted most of the time: their places are remembered.
  const Series& SeriesOf(std::string_view method, std::string_view route, int status) {
    Series& series = recent_[std::hash<std::string_view>()(route) % recent_.size()];
    if (series.status == status && series.route == route && series.method == method) return series;
    series.method = method;
    series.route = route;
    series.status = status;
    series.requests = &shard_.CounterFor(MetricId::kHttpRequests, {method, route, std::to_string(status)});
    series.durations = &shard_.HistogramFor(MetricId::kHttpRequestDuration, {KindOf(route)});
    return series;
  }

  static void LogLine(const http::Exchange& exchange, const http::Request& request) {
    telemetry::AccessLine line;
    line.request_id = request.id;
    line.remote_address = request.remote_address;
    line.method = request.method;
    if (exchange.response) line.role = exchange.response->role;
    line.path = request.path();
    line.status = exchange.status;
    line.bytes_in = exchange.bytes_in;
    line.bytes_out = exchange.bytes_out;
    line.duration = exchange.duration;
    telemetry::LogAccess(line);
  }

  telemetry::Shard& shard_;
  telemetry::Counter& bytes_in_;
  telemetry::Counter& bytes_out_;
  std::array<Series, 64> recent_;
};

}  // namespace

Monitoring::Monitoring() : shard_(metrics_.NewShard()) {
  CollectProcess();
  CollectCatalog();
}

http::ExchangeObserver Monitoring::NewObserver() {
  auto observer = std::make_shared<Observer>(metrics_.NewShard());
  return [observer](const http::Exchange& exchange) { (*observer)(exchange); };
}

void Monitoring::ObserveCommitDelay(Clock::duration delay) {
  shard_.HistogramFor(MetricId::kChangesCommitDelay, {}).Observe(delay);
}

void Monitoring::Attach(const pg::Target& target) {
  target.ForEachPart([this](const pg::Pool& pool) { Collect(pool); },
                     [this](std::string_view name, const pg::Lane& lane) { Collect(name, lane); });
}

void Monitoring::Collect(const pg::Pool& pool) {
  metrics_.Collect(MetricId::kDbPoolConnections, {"idle"},
                   [&pool] { return double(pool.stats().open) - double(pool.stats().lent); });
  metrics_.Collect(MetricId::kDbPoolConnections, {"lent"}, [&pool] { return double(pool.stats().lent); });
  metrics_.Collect(MetricId::kDbPoolWaiting, {}, [&pool] { return double(pool.stats().waiting); });
  metrics_.Collect(MetricId::kDbPoolTimeouts, {}, [&pool] { return double(pool.stats().timeouts); });
}

void Monitoring::Collect(std::string_view name, const pg::Lane& lane) {
  metrics_.Collect(MetricId::kDbLaneStatements, {name}, [&lane] { return double(lane.stats().statements); });
  metrics_.Collect(MetricId::kDbLaneBatches, {name}, [&lane] { return double(lane.stats().batches); });
  metrics_.Collect(MetricId::kDbLaneFailures, {name}, [&lane] { return double(lane.stats().failed); });
  metrics_.Collect(MetricId::kDbLaneStops, {name}, [&lane] { return double(lane.stats().stopped); });
}

void Monitoring::Attach(const http::Server& server) {
  metrics_.Collect(MetricId::kHttpConnectionsOpen, {}, [&server] { return double(server.stats().connections_open); });
  metrics_.Collect(MetricId::kHttpRequestsInFlight, {},
                   [&server] { return double(server.stats().requests_in_flight); });
  metrics_.Collect(MetricId::kHttpSlowClients, {"body"}, [&server] { return double(server.stats().slow_bodies); });
  metrics_.Collect(MetricId::kHttpSlowClients, {"answer"}, [&server] { return double(server.stats().slow_answers); });
}

void Monitoring::Attach(std::shared_ptr<const MemoryBudget> memory) {
  metrics_.Collect(MetricId::kHttpMemory, {}, [memory] { return double(memory->used()); });
  metrics_.Collect(MetricId::kHttpMemoryMax, {}, [memory] { return double(memory->bytes_max()); });
  metrics_.Collect(MetricId::kHttpMemoryRefusals, {}, [memory] { return double(memory->refusals()); });
}

void Monitoring::Attach(const net::LoopGroup& loops) {
  for (size_t i = 0; i < loops.size(); ++i) {
    metrics_.Collect(MetricId::kLoopLag, {std::to_string(i)}, [&loops, i] { return Seconds(loops.lag(i)); });
  }
}

void Monitoring::Attach(const ChangeTracking& tracking) {
  const auto collect = [&](MetricId id, double (*read)(const changes::ChangeStreamStats&)) {
    metrics_.Collect(id, {}, [&tracking, read] { return read(tracking.stream().stats()); });
  };
  using Stats = changes::ChangeStreamStats;
  collect(MetricId::kChangesStreaming, [](const Stats& stats) { return stats.streaming ? 1.0 : 0.0; });
  collect(MetricId::kChangesTransactions, [](const Stats& stats) { return double(stats.transactions); });
  collect(MetricId::kChangesRows, [](const Stats& stats) { return double(stats.changes); });
  collect(MetricId::kChangesBreaks, [](const Stats& stats) { return double(stats.breaks); });
  collect(MetricId::kChangesLagBytes, [](const Stats& stats) { return double(stats.lag_bytes); });
  collect(MetricId::kChangesDelay, [](const Stats& stats) { return Seconds(stats.delay); });
  collect(MetricId::kChangesMemory, [](const Stats& stats) { return double(stats.bytes_in_memory); });
  metrics_.Collect(MetricId::kChangesAge, {}, [&tracking] {
    const Clock::time_point fresh_at = tracking.stream().fresh_at();
    return fresh_at == Clock::time_point::min() ? 0.0 : Seconds(Clock::now() - fresh_at);
  });
  metrics_.Collect(MetricId::kChangesTables, {"published"}, [&tracking] { return double(tracking.published()); });
  metrics_.Collect(MetricId::kChangesTables, {"unpublished"}, [&tracking] { return double(tracking.unpublished()); });
}

void Monitoring::Attach(const cache::Store& store) {
  store_ = &store;
  using Stats = cache::StoreStats;
  const auto collect = [&](MetricId id, telemetry::Labels labels, uint64_t Stats::*part) {
    metrics_.Collect(id, labels, [&store, part] { return double(store.stats().*part); });
  };
  collect(MetricId::kCacheAnswers, {}, &Stats::answers);
  collect(MetricId::kCacheBytes, {}, &Stats::bytes);
  collect(MetricId::kCacheEvictions, {}, &Stats::evicted);
  collect(MetricId::kCacheInvalidations, {}, &Stats::invalidated);
  collect(MetricId::kCacheFills, {"kept"}, &Stats::kept);
  collect(MetricId::kCacheFills, {"changed"}, &Stats::changed);
  collect(MetricId::kCacheFills, {"broken"}, &Stats::broken);
  collect(MetricId::kCacheFills, {"too_large"}, &Stats::too_large);
}

void Monitoring::Attach(const Purging& purging) {
  metrics_.Collect(MetricId::kCachePurges, {"taken"}, [&purging] { return double(purging.stats().sent); });
  metrics_.Collect(MetricId::kCachePurges, {"failed"}, [&purging] { return double(purging.stats().failed); });
}

void Monitoring::Attach(const serve::CacheCounts& counts) {
  const auto collect = [&](std::string_view outcome, const telemetry::Counter& count) {
    metrics_.Collect(MetricId::kCacheRequests, {outcome}, [&count] { return double(count.value()); });
  };
  collect("hit", counts.hits);
  collect("joined", counts.joined);
  collect("miss", counts.misses);
  for (size_t i = 0; i < counts.bypasses.size(); ++i) {
    const auto why = static_cast<dependencies::Uncacheable>(i);
    if (why == dependencies::Uncacheable::kNo) continue;
    const auto read = [&count = counts.bypasses[i]] { return double(count.value()); };
    metrics_.Collect(MetricId::kCacheBypasses, {telemetry::RowOf(why).label}, read);
  }
  for (size_t i = 0; i < counts.lost.size(); ++i) {
    const auto read = [&count = counts.lost[i]] { return double(count.value()); };
    metrics_.Collect(MetricId::kCacheFills, {serve::Label(static_cast<serve::Unproven>(i))}, read);
  }
}

void Monitoring::CollectCatalog() {
  metrics_.Collect(MetricId::kCatalogAge, {}, [this] {
    if (!catalog_) return 0.0;
    return std::chrono::duration<double>(std::chrono::system_clock::now() - catalog_->loaded_at()).count();
  });
  metrics_.Collect(MetricId::kDbCommitsWaiting, {}, [this] { return double(commits_waiting_); });
  metrics_.Collect(MetricId::kCatalogRelations, {},
                   [this] { return catalog_ ? double(catalog_->snapshot().relations.size()) : 0.0; });
  metrics_.Collect(MetricId::kCatalogKnown, {},
                   [this] { return catalog_known_ && catalog_known_->Holds(Clock::now()) ? 1.0 : 0.0; });
}

void Monitoring::CollectProcess() {
  metrics_.Collect(MetricId::kProcessCpu, {}, telemetry::ProcessCpuSeconds);
  metrics_.Collect(MetricId::kProcessResidentMemory, {}, telemetry::ProcessResidentBytes);
  metrics_.Collect(MetricId::kProcessOpenFds, {}, telemetry::ProcessOpenFds);
  metrics_.Collect(MetricId::kProcessStartTime, {}, telemetry::ProcessStartTimeSeconds);
  metrics_.Collect(MetricId::kBuildInfo, {telemetry::kVersion}, [] { return 1.0; });
}

std::shared_ptr<const admin::Sources> Monitoring::Sources(const config::Registry& registry) {
  auto sources = std::make_shared<admin::Sources>();
  sources->metrics = [this] { return metrics_.Scrape(); };
  sources->config = [&registry] { return config::DumpJson(registry); };
  sources->cache = [this] { return store_ ? cache::ReportJson(*store_) : ""; };
  return sources;
}

void Monitoring::CountReload(bool loaded) {
  shard_.CounterFor(MetricId::kCatalogReloads, {loaded ? "ok" : "failed"}).Add();
}

void LogCommitWait(const pg::CommitWatch& watch) {
  using telemetry::Level;
  const auto waiting = static_cast<int64_t>(watch.waiting);
  if (!watch.wait.is_long) {
    telemetry::Log(Level::kInfo, "database.standby_back", "commits no longer wait for a synchronous standby");
    return;
  }
  telemetry::Log(Level::kWarn, "database.standby_awaited",
                 "commits wait for a synchronous standby of the database; bring the standby back, or take it out of "
                 "synchronous_standby_names. While half of the connections wait, further writes are refused",
                 {{"waiting", waiting}, {"synchronous_standby_names", watch.standby_names}});
}

}  // namespace pando::server
