#include "telemetry/metric_inventory.h"

#include "base/assert.h"

namespace pando::telemetry {
namespace {

using enum MetricType;

std::vector<MetricRow> HttpRows() {
  const LabelRow method{"method", {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}};
  const LabelRow kind{"kind", {"relation", "function", "root"}};
  return {
      {MetricId::kHttpRequests,
       "pando_http_requests_total",
       kCounter,
       "",
       {method, {"route", {}, 200}, {"status", {}, 100}},
       "Requests answered, by method, relation or rpc/function, and status; status 0 when the client was gone first."},
      {MetricId::kHttpRequestDuration,
       "pando_http_request_duration_seconds",
       kHistogram,
       "seconds",
       {kind},
       "Time from a request's complete header to the last byte of its answer, by kind of route."},
      {MetricId::kHttpConnectionsOpen,
       "pando_http_connections_open",
       kGauge,
       "",
       {},
       "Client connections open now; http.connections_max bounds them."},
      {MetricId::kHttpRequestsInFlight,
       "pando_http_requests_in_flight",
       kGauge,
       "",
       {},
       "Requests received and not yet answered."},
      {MetricId::kHttpBytesIn, "pando_http_bytes_in_total", kCounter, "bytes", {}, "Bytes of requests received."},
      {MetricId::kHttpBytesOut, "pando_http_bytes_out_total", kCounter, "bytes", {}, "Bytes of answers sent."},
      {MetricId::kHttpMemory,
       "pando_http_memory_bytes",
       kGauge,
       "bytes",
       {},
       "Memory that request bodies and answers hold together now, as http.memory_max counts it."},
      {MetricId::kHttpMemoryMax, "pando_http_memory_max_bytes", kGauge, "bytes", {}, "http.memory_max."},
      {MetricId::kHttpMemoryRefusals,
       "pando_http_memory_refusals_total",
       kCounter,
       "",
       {},
       "Bodies and answers that found no room within http.memory_max."},
      {MetricId::kHttpSlowClients,
       "pando_http_slow_clients_total",
       kCounter,
       "",
       {{"direction", {"body", "answer"}}},
       "Clients that were cut off because they sent a body, or took an answer, more slowly than http.rate_min."},
      {MetricId::kLoopLag,
       "pando_loop_lag_seconds",
       kGauge,
       "seconds",
       {{"loop", {}, 256}},
       "How late an event loop was at most for what was due in the last second or so: what runs on it at one go."},
  };
}

std::vector<MetricRow> LaneRows() {
  const LabelRow lane{"lane", {"key", "quick", "write"}};
  return {
      {MetricId::kDbLaneStatements,
       "pando_db_lane_statements_total",
       kCounter,
       "",
       {lane},
       "Statements that were run together with others: reads by key, reads that have been quick so far, inserts and "
       "updates of one row."},
      {MetricId::kDbLaneBatches,
       "pando_db_lane_batches_total",
       kCounter,
       "",
       {lane},
       "Transactions in which they travelled."},
      {MetricId::kDbLaneFailures,
       "pando_db_lane_failures_total",
       kCounter,
       "",
       {lane},
       "Of these transactions, those that failed: their statements were run again, each by itself."},
      {MetricId::kDbLaneStops,
       "pando_db_lane_stops_total",
       kCounter,
       "",
       {lane},
       "Of these failures, those of a statement that took 50 ms and was stopped."},
  };
}

std::vector<MetricRow> DatabaseRows() {
  return {
      {MetricId::kDbPoolConnections,
       "pando_db_pool_connections",
       kGauge,
       "",
       {{"state", {"idle", "lent"}}},
       "Connections to the database now; database.connections_max bounds them."},
      {MetricId::kDbPoolWaiting,
       "pando_db_pool_waiting",
       kGauge,
       "",
       {},
       "Requests that wait for a database connection now."},
      {MetricId::kDbCommitsWaiting,
       "pando_db_commits_waiting",
       kGauge,
       "",
       {},
       "Transactions of the login role that wait for a synchronous standby, as seen twice a second."},
      {MetricId::kDbPoolTimeouts,
       "pando_db_pool_timeouts_total",
       kCounter,
       "",
       {},
       "Requests that waited for a database connection in vain."},
  };
}

std::vector<MetricRow> ChangesRows() {
  return {
      {MetricId::kChangesStreaming,
       "pando_changes_streaming",
       kGauge,
       "",
       {},
       "1 while the change stream of the database is followed, else 0; the log says why."},
      {MetricId::kChangesTransactions,
       "pando_changes_transactions_total",
       kCounter,
       "",
       {},
       "Committed transactions that came through the change stream."},
      {MetricId::kChangesRows, "pando_changes_rows_total", kCounter, "", {}, "Changes of rows in these transactions."},
      {MetricId::kChangesBreaks,
       "pando_changes_breaks_total",
       kCounter,
       "",
       {},
       "Times the change stream broke and began anew."},
      {MetricId::kChangesLagBytes,
       "pando_changes_lag_bytes",
       kGauge,
       "bytes",
       {},
       "The database's log between what has been written and what has come through the change stream."},
      {MetricId::kChangesDelay,
       "pando_changes_delay_seconds",
       kGauge,
       "seconds",
       {},
       "From the sending of the newest heartbeat to its return through the change stream."},
      {MetricId::kChangesCommitDelay,
       "pando_changes_commit_delay_seconds",
       kHistogram,
       "seconds",
       {},
       "From a transaction's commit, by the database's clock, to when kept answers that it changes were dropped."},
      {MetricId::kChangesAge,
       "pando_changes_age_seconds",
       kGauge,
       "seconds",
       {},
       "Everything committed before so long has come through the change stream; 0 while there is none."},
      {MetricId::kChangesMemory,
       "pando_changes_memory_bytes",
       kGauge,
       "bytes",
       {},
       "Changes kept of transactions that have not ended."},
      {MetricId::kChangesTables,
       "pando_changes_tables",
       kGauge,
       "",
       {{"state", {"published", "unpublished"}}},
       "Exposed tables, with their partitions, whose changes come through the stream, and whose do not."},
  };
}

std::vector<MetricRow> CacheRows() {
  return {
      {MetricId::kCacheRequests,
       "pando_cache_requests_total",
       kCounter,
       "",
       {{"result", {"hit", "joined", "miss"}}},
       "Reads of what may be kept: found, found once somebody else had brought it, asked of the database."},
      {MetricId::kCacheBypasses,
       "pando_cache_bypasses_total",
       kCounter,
       "",
       {{"reason", {}, 30}},
       "Reads for which the cache was not asked, by why not: Cache-Status tells the same of each."},
      {MetricId::kCacheFills,
       "pando_cache_fills_total",
       kCounter,
       "",
       {{"result", {"kept", "changed", "broken", "too_large", "failed", "alone", "replica", "schema", "published"}}},
       "Answers that were read to be kept. Not kept were: changed (the data did meanwhile), broken (the change stream "
       "was, or the schema changed), schema (the catalog is older than the schema), published (what was open when the "
       "table was published may still be), replica (it was read from one), failed, alone (its batch failed)."},
      {MetricId::kCacheInvalidations,
       "pando_cache_invalidations_total",
       kCounter,
       "",
       {},
       "Kept answers dropped because what they depend on changed."},
      {MetricId::kCacheEvictions,
       "pando_cache_evictions_total",
       kCounter,
       "",
       {},
       "Kept answers dropped to make room."},
      {MetricId::kCacheAnswers, "pando_cache_answers", kGauge, "", {}, "Answers kept now."},
      {MetricId::kCacheBytes,
       "pando_cache_bytes",
       kGauge,
       "bytes",
       {},
       "Memory of the kept answers; cache.url bounds it."},
  };
}

std::vector<MetricRow> CatalogRows() {
  return {
      {MetricId::kCachePurges,
       "pando_cache_purges_total",
       kCounter,
       "",
       {{"result", {"taken", "failed"}}},
       "Requests that told caches in front what has changed, by whether they were taken."},
      {MetricId::kCatalogAge,
       "pando_catalog_age_seconds",
       kGauge,
       "seconds",
       {},
       "Time since the catalog in use was read from the database."},
      {MetricId::kCatalogReloads,
       "pando_catalog_reloads_total",
       kCounter,
       "",
       {{"result", {"ok", "failed"}}},
       "Times the catalog was read; after a failure the old one stays in use."},
      {MetricId::kCatalogRelations,
       "pando_catalog_relations",
       kGauge,
       "",
       {},
       "Tables and views in the catalog in use."},
      {MetricId::kCatalogKnown,
       "pando_catalog_known",
       kGauge,
       "",
       {},
       "1 while the catalog in use is known to be that of the database; 0 while requests rely on nothing that it says "
       "of "
       "policies, triggers and functions, and so take longer."},
      {MetricId::kAuthFailures,
       "pando_auth_failures_total",
       kCounter,
       "",
       {{"reason", {"PGRST300", "PGRST301", "PGRST302", "PGRST303"}}},
       "Requests whose credentials were refused, by error code."},
  };
}

std::vector<MetricRow> ProcessRows() {
  return {
      {MetricId::kProcessCpu,
       "process_cpu_seconds_total",
       kCounter,
       "seconds",
       {},
       "Processor time of this process, user and system."},
      {MetricId::kProcessResidentMemory,
       "process_resident_memory_bytes",
       kGauge,
       "bytes",
       {},
       "Memory of this process that is resident now."},
      {MetricId::kProcessOpenFds, "process_open_fds", kGauge, "", {}, "File descriptors of this process open now."},
      {MetricId::kProcessStartTime,
       "process_start_time_seconds",
       kGauge,
       "seconds",
       {},
       "When this process started, since the Unix epoch."},
      {MetricId::kBuildInfo, "pando_build_info", kGauge, "", {{"version", {}, 1}}, "Always 1; the version is a label."},
  };
}

// In the order of MetricId: RowOf() indexes.
const std::vector<MetricRow>& Rows() {
  // Leaked on purpose: other threads may still count while the process ends.
  static const auto* rows = [] {
    auto* all = new std::vector<MetricRow>(HttpRows());
    for (const auto& group : {DatabaseRows(), LaneRows(), ChangesRows(), CacheRows(), CatalogRows(), ProcessRows()})
      all->insert(all->end(), group.begin(), group.end());
    return all;
  }();
  return *rows;
}

std::string Described(const LabelRow& label) {
  std::string text = "`" + std::string(label.name) + "`: ";
  if (label.values.empty()) return text + "at most " + std::to_string(label.values_max) + " values, then `other`";
  for (const std::string_view value : label.values) text += "`" + std::string(value) + "`, ";
  return text + "`other`";
}

}  // namespace

std::string_view ToString(MetricType type) {
  switch (type) {
    case kCounter:
      return "counter";
    case kGauge:
      return "gauge";
    case kHistogram:
      return "histogram";
  }
  return "untyped";
}

std::span<const MetricRow> AllMetrics() { return Rows(); }

const MetricRow& RowOf(MetricId id) {
  const MetricRow& row = Rows()[static_cast<size_t>(id)];
  PANDO_ASSERT(row.id == id);
  return row;
}

std::string MetricsPage() {
  std::string page =
      "<!-- Printed by `pando config metrics`: run `./dev docs` rather than edit it. -->\n\n"
      "# Metrics\n\n"
      "What `GET /metrics` on the admin port answers, in Prometheus' text format (0.0.4). Every label is bounded.\n\n"
      "| metric | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const MetricRow& row : AllMetrics()) {
    std::string labels;
    for (const LabelRow& label : row.labels) labels += (labels.empty() ? "" : "; ") + Described(label);
    page += "| `" + std::string(row.name) + "` | " + std::string(ToString(row.type)) + " | " + std::string(row.unit) +
            " | " + labels + " | " + std::string(row.help) + " |\n";
  }
  return page;
}

}  // namespace pando::telemetry
