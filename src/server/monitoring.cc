#include "server/monitoring.h"

#include "admin/handler.h"
#include "config/dump.h"
#include "telemetry/log.h"
#include "telemetry/process_metrics.h"
#include "telemetry/version.h"

namespace pando::server {
namespace {

using telemetry::MetricId;

// What exists has a series of its own; anybody can invent paths, and all those share this one.
constexpr std::string_view kUnknown = "unknown";

std::string_view KindOf(std::string_view route) {
  if (route == "/") return "root";
  if (route == kUnknown) return "other";
  return route.starts_with("rpc/") ? "function" : "relation";
}

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
    const std::string_view route = known ? std::string_view(exchange.response->route) : kUnknown;
    const std::string status = std::to_string(exchange.status);
    shard_.CounterFor(MetricId::kHttpRequests, {request.method, route, status}).Add();
    shard_.HistogramFor(MetricId::kHttpRequestDuration, {KindOf(route)}).Observe(exchange.duration);
    if (exchange.response && exchange.response->error_code.starts_with("PGRST30")) {
      shard_.CounterFor(MetricId::kAuthFailures, {exchange.response->error_code}).Add();
    }
    if (telemetry::AccessLogEnabled()) LogLine(exchange, request);
  }

 private:
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

void Monitoring::Attach(const pg::Pool& pool) {
  metrics_.Collect(MetricId::kDbPoolConnections, {"idle"},
                   [&pool] { return double(pool.stats().open) - double(pool.stats().lent); });
  metrics_.Collect(MetricId::kDbPoolConnections, {"lent"}, [&pool] { return double(pool.stats().lent); });
  metrics_.Collect(MetricId::kDbPoolWaiting, {}, [&pool] { return double(pool.stats().waiting); });
  metrics_.Collect(MetricId::kDbPoolTimeouts, {}, [&pool] { return double(pool.stats().timeouts); });
}

void Monitoring::Attach(std::string_view name, const pg::Lane& lane) {
  metrics_.Collect(MetricId::kDbLaneStatements, {name}, [&lane] { return double(lane.stats().statements); });
  metrics_.Collect(MetricId::kDbLaneBatches, {name}, [&lane] { return double(lane.stats().batches); });
  metrics_.Collect(MetricId::kDbLaneFailures, {name}, [&lane] { return double(lane.stats().failed); });
  metrics_.Collect(MetricId::kDbLaneStops, {name}, [&lane] { return double(lane.stats().stopped); });
}

void Monitoring::Attach(const http::Server& server) {
  metrics_.Collect(MetricId::kHttpConnectionsOpen, {}, [&server] { return double(server.stats().connections_open); });
  metrics_.Collect(MetricId::kHttpRequestsInFlight, {},
                   [&server] { return double(server.stats().requests_in_flight); });
}

void Monitoring::CollectCatalog() {
  metrics_.Collect(MetricId::kCatalogAge, {}, [this] {
    if (!catalog_) return 0.0;
    return std::chrono::duration<double>(std::chrono::system_clock::now() - catalog_->loaded_at()).count();
  });
  metrics_.Collect(MetricId::kCatalogRelations, {},
                   [this] { return catalog_ ? double(catalog_->snapshot().relations.size()) : 0.0; });
}

void Monitoring::CollectProcess() {
  metrics_.Collect(MetricId::kProcessCpu, {}, telemetry::ProcessCpuSeconds);
  metrics_.Collect(MetricId::kProcessResidentMemory, {}, telemetry::ProcessResidentBytes);
  metrics_.Collect(MetricId::kProcessOpenFds, {}, telemetry::ProcessOpenFds);
  metrics_.Collect(MetricId::kProcessStartTime, {}, telemetry::ProcessStartTimeSeconds);
  metrics_.Collect(MetricId::kBuildInfo, {telemetry::kVersion}, [] { return 1.0; });
}

Result<void> Monitoring::Listen(net::Executor executor, const admin::AdminOptions& options,
                                const config::Registry& registry) {
  if (options.listen.empty()) return {};
  admin::Sources sources;
  sources.readiness = [this] {
    const bool loaded = catalog_ != nullptr;
    const bool answers = database_answers_();
    return std::vector<admin::Check>{{"database", answers, answers ? "" : "the database does not answer"},
                                     {"catalog", loaded, loaded ? "" : "the schema of the database is not loaded yet"},
                                     {"draining", !draining_, draining_ ? "the server is shutting down" : ""}};
  };
  sources.metrics = [this] { return metrics_.Scrape(); };
  sources.config = [&registry] { return config::DumpJson(registry); };
  http::ServerOptions http;
  http.listen = {options.listen};
  http.connections_max = 100;
  http::Server::Deps deps;
  deps.handler = admin::MakeHandler(std::move(sources));
  deps.render_error = admin::RenderError;
  PANDO_TRY(server_, http::Server::Listen(executor, http, std::move(deps)));
  return {};
}

void Monitoring::Start() {
  if (server_) server_->Start();
}

Task<void> Monitoring::Stop(Deadline grace) {
  if (server_) co_await server_->Drain(grace);
  server_.reset();
}

void Monitoring::CountReload(bool loaded) {
  shard_.CounterFor(MetricId::kCatalogReloads, {loaded ? "ok" : "failed"}).Add();
}

}  // namespace pando::server
