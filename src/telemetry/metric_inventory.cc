#include "telemetry/metric_inventory.h"

#include "base/assert.h"
#include "telemetry/cache_bypass.h"

namespace pando::telemetry {
namespace {

using enum MetricType;

std::vector<MetricRow> HttpRows() {
  const LabelRow method{
      "method",
      {{"GET", ""}, {"HEAD", ""}, {"POST", ""}, {"PUT", ""}, {"PATCH", ""}, {"DELETE", ""}, {"OPTIONS", ""}},
      0,
      "HTTP methods"};
  const LabelRow route{"route",
                       {},
                       200,
                       "names of tables and views; `rpc/` with the name of a function; `/` for the root; `unknown` for "
                       "paths that name nothing"};
  const LabelRow status{"status", {}, 100, "HTTP status codes; `0` when the client left before the response"};
  const LabelRow kind{"kind",
                      {{"relation", "a table or view"},
                       {"function", "a function, under /rpc/"},
                       {"root", "the root path, with the OpenAPI document"},
                       {"other", "a path that names nothing"}}};
  return {
      {MetricId::kHttpRequests,
       "pando_http_requests_total",
       kCounter,
       "",
       {method, route, status},
       "Requests answered, by method, resource and status. A rise of 5xx means that the server or its database fails; "
       "a rise of status 0, that clients leave before the response."},
      {MetricId::kHttpRequestDuration,
       "pando_http_request_duration_seconds",
       kHistogram,
       "seconds",
       {kind},
       "Seconds from the end of a request's header to the last byte of its response, by kind of resource. A rise means "
       "slower requests: look at pando_db_pool_waiting and pando_loop_lag_seconds next."},
      {MetricId::kHttpConnectionsOpen,
       "pando_http_connections_open",
       kGauge,
       "",
       {},
       "Client connections that are open now. At http.connections_max, a new connection is answered 503 and closed."},
      {MetricId::kHttpRequestsInFlight,
       "pando_http_requests_in_flight",
       kGauge,
       "",
       {},
       "Requests received and not answered yet. A rise at the same request rate means that responses take longer."},
      {MetricId::kHttpBytesIn,
       "pando_http_bytes_in_total",
       kCounter,
       "bytes",
       {},
       "Bytes of requests received. A rise means more requests or longer bodies."},
      {MetricId::kHttpBytesOut,
       "pando_http_bytes_out_total",
       kCounter,
       "bytes",
       {},
       "Bytes of responses sent. A rise means more requests or longer responses."},
  };
}

std::vector<MetricRow> LimitRows() {
  const LabelRow direction{
      "direction",
      {{"body", "the client sent a request body too slowly"}, {"answer", "the client read a response too slowly"}}};
  return {
      {MetricId::kHttpMemory,
       "pando_http_memory_bytes",
       kGauge,
       "bytes",
       {},
       "Bytes of memory that request bodies and responses hold now, counted as http.memory_max counts them. Close to "
       "pando_http_memory_max_bytes, long bodies and responses wait for room, up to five seconds."},
      {MetricId::kHttpMemoryMax,
       "pando_http_memory_max_bytes",
       kGauge,
       "bytes",
       {},
       "The value of http.memory_max, in bytes: the limit of pando_http_memory_bytes."},
      {MetricId::kHttpMemoryRefusals,
       "pando_http_memory_refusals_total",
       kCounter,
       "",
       {},
       "Request bodies and responses that found no room within http.memory_max and were refused with 503. A rise means "
       "that the limit is too low for the load, or that clients are slow."},
      {MetricId::kHttpSlowClients,
       "pando_http_slow_clients_total",
       kCounter,
       "",
       {direction},
       "Clients that were disconnected because they sent a body, or read a response, more slowly than http.rate_min. A "
       "rise means clients on slow networks, or an attack by slow clients."},
      {MetricId::kLoopLag,
       "pando_loop_lag_seconds",
       kGauge,
       "seconds",
       {{"loop", {}, 256, "numbers of the event loops, from `0`"}},
       "The longest delay of due work on an event loop during the last second or so, in seconds. A rise means that the "
       "processor is overloaded, or that one task holds the loop for so long."},
  };
}

std::vector<MetricRow> LaneRows() {
  const LabelRow lane{"lane",
                      {{"key", "reads of one row by its primary key"},
                       {"quick", "other reads that have been quick so far"},
                       {"write", "inserts of one row, and updates of one row by its key"}}};
  return {
      {MetricId::kDbLaneStatements,
       "pando_db_lane_statements_total",
       kCounter,
       "",
       {lane},
       "Statements that Pando sent to the database in batches: it puts cheap statements of several requests into one "
       "transaction. A rise means more such requests."},
      {MetricId::kDbLaneBatches,
       "pando_db_lane_batches_total",
       kCounter,
       "",
       {lane},
       "Batches sent to the database, each one transaction. pando_db_lane_statements_total divided by this is the "
       "average size of a batch; it rises with the load."},
      {MetricId::kDbLaneFailures,
       "pando_db_lane_failures_total",
       kCounter,
       "",
       {lane},
       "Batches that failed because one statement did. Each of their statements is run again in a transaction of its "
       "own, so a rise means extra work for the database."},
      {MetricId::kDbLaneStops,
       "pando_db_lane_stops_total",
       kCounter,
       "",
       {lane},
       "Failed batches in which a statement was cancelled because it took 50 ms. A rise means that reads which used to "
       "be quick are slow now: look for a missing index or a lock."},
  };
}

std::vector<MetricRow> DatabaseRows() {
  return {
      {MetricId::kDbPoolConnections,
       "pando_db_pool_connections",
       kGauge,
       "",
       {{"state", {{"idle", "open and not in use"}, {"lent", "in use by a request"}}}},
       "Connections to the database, by state. When `lent` stays at database.connections_max, requests wait for a "
       "connection."},
      {MetricId::kDbPoolWaiting,
       "pando_db_pool_waiting",
       kGauge,
       "",
       {},
       "Requests that wait for a database connection now. A lasting rise means that statements are slow or that "
       "database.connections_max is too low."},
      {MetricId::kDbCommitsWaiting,
       "pando_db_commits_waiting",
       kGauge,
       "",
       {},
       "Transactions of Pando's login role that wait for a synchronous standby, measured twice a second. A value that "
       "stays above 0 means that the standby is away or slow; Pando then refuses writes that would take more than half "
       "of its connections."},
      {MetricId::kDbPoolTimeouts,
       "pando_db_pool_timeouts_total",
       kCounter,
       "",
       {},
       "Requests that waited for a database connection until their time was over. A rise means that the database does "
       "not keep up with the requests."},
  };
}

std::vector<MetricRow> ChangesRows() {
  return {
      {MetricId::kChangesStreaming,
       "pando_changes_streaming",
       kGauge,
       "",
       {},
       "1 while Pando follows the change stream of the database, else 0. At 0 the cache is not used; the log says why "
       "(changes.unavailable)."},
      {MetricId::kChangesTransactions,
       "pando_changes_transactions_total",
       kCounter,
       "",
       {},
       "Committed transactions received through the change stream. A rise means more writes in the database."},
      {MetricId::kChangesRows,
       "pando_changes_rows_total",
       kCounter,
       "",
       {},
       "Changed rows in the transactions received through the change stream. A rise means more or larger writes in the "
       "database."},
      {MetricId::kChangesBreaks,
       "pando_changes_breaks_total",
       kCounter,
       "",
       {},
       "Times the change stream broke and was begun again. Each time the cache is emptied; the log says why "
       "(changes.unavailable)."},
  };
}

std::vector<MetricRow> FreshnessRows() {
  const LabelRow state{"state",
                       {{"published", "the change stream carries the changes"},
                        {"unpublished", "it does not, and reads of the table are not cached"}}};
  return {
      {MetricId::kChangesLagBytes,
       "pando_changes_lag_bytes",
       kGauge,
       "bytes",
       {},
       "Bytes of the database's write-ahead log that have not come through the change stream yet. A rise means that "
       "the stream falls behind the writes."},
      {MetricId::kChangesDelay,
       "pando_changes_delay_seconds",
       kGauge,
       "seconds",
       {},
       "Seconds that the newest heartbeat took from Pando through the database and back through the change stream. A "
       "rise means a slow or overloaded stream."},
      {MetricId::kChangesCommitDelay,
       "pando_changes_commit_delay_seconds",
       kHistogram,
       "seconds",
       {},
       "Seconds from a transaction's commit, by the database's clock, until Pando dropped the cached responses that it "
       "changed. A rise means that the stream falls behind; a difference between the two clocks counts as well."},
      {MetricId::kChangesAge,
       "pando_changes_age_seconds",
       kGauge,
       "seconds",
       {},
       "Seconds since the moment up to which all commits have come through the change stream; 0 while there is no "
       "stream. Above cache.staleness_max the database answers instead of the cache."},
      {MetricId::kChangesMemory,
       "pando_changes_memory_bytes",
       kGauge,
       "bytes",
       {},
       "Bytes of changes that Pando holds for transactions that have not ended yet. A rise means a long transaction "
       "with many changes."},
      {MetricId::kChangesTables,
       "pando_changes_tables",
       kGauge,
       "",
       {state},
       "Tables that the API exposes, and their partitions, by whether the change stream carries their changes. The log "
       "names the unpublished ones (changes.unpublished)."},
  };
}

LabelRow BypassReasons() {
  LabelRow label{"reason", {}};
  for (const CacheBypassRow& row : AllCacheBypasses()) label.values.push_back({row.label, row.detail});
  return label;
}

std::vector<MetricRow> CacheRows() {
  const LabelRow looked_up{"result",
                           {{"hit", "answered from the cache"},
                            {"joined", "answered from the cache after waiting for another request that read the same"},
                            {"miss", "answered by the database"}}};
  const LabelRow filled{
      "result",
      {{"kept", "stored in the cache"},
       {"changed", "discarded: the data changed while it was read"},
       {"broken", "discarded: the change stream broke, or the schema changed, while it was read"},
       {"too_large", "discarded: larger than cache.answer_bytes_max, or than a part of the cache"},
       {"failed", "discarded: the response is an error, or cannot be made as planned"},
       {"alone", "discarded: the batch of the statement failed, so nothing proves how current the response is"},
       {"replica", "discarded: a replica answered, which cannot prove how current its data is"},
       {"schema", "discarded: the schema is newer than the catalog that the statement was made by"},
       {"published", "discarded: a transaction that is older than the publication of the table may still be open"}}};
  return {
      {MetricId::kCacheRequests,
       "pando_cache_requests_total",
       kCounter,
       "",
       {looked_up},
       "Reads that the cache may answer, by result. A rise of `miss` against `hit` means that requests repeat less "
       "often, that data changes faster, or that the cache is too small."},
      {MetricId::kCacheBypasses,
       "pando_cache_bypasses_total",
       kCounter,
       "",
       {BypassReasons()},
       "Reads that went to the database without a look into the cache, by reason. The header Cache-Status has the "
       "reason of each response as detail, first_request excepted."},
      {MetricId::kCacheFills,
       "pando_cache_fills_total",
       kCounter,
       "",
       {filled},
       "Responses that the database made in order to be stored in the cache, by outcome. A rise of any outcome but "
       "`kept` means that responses are read and not stored."},
      {MetricId::kCacheInvalidations,
       "pando_cache_invalidations_total",
       kCounter,
       "",
       {},
       "Cached responses dropped because data that they depend on changed. A rise means more writes to what is read "
       "often."},
      {MetricId::kCacheEvictions,
       "pando_cache_evictions_total",
       kCounter,
       "",
       {},
       "Cached responses dropped to make room for others. A fast rise means that the cache is too small: give it more "
       "memory in cache.url."},
      {MetricId::kCacheAnswers, "pando_cache_answers", kGauge, "", {}, "Responses in the cache now."},
      {MetricId::kCacheBytes,
       "pando_cache_bytes",
       kGauge,
       "bytes",
       {},
       "Bytes of memory that cached responses take now, their keys and tags included. cache.url sets the limit."},
  };
}

std::vector<MetricRow> CatalogRows() {
  const LabelRow purged{"result", {{"taken", "the cache accepted the request"}, {"failed", "it did not"}}};
  const LabelRow loaded{
      "result", {{"ok", "the schema was read"}, {"failed", "it was not; the log says why (catalog.load_failed)"}}};
  const LabelRow refused{"reason",
                         {{"PGRST300", ""}, {"PGRST301", ""}, {"PGRST302", ""}, {"PGRST303", ""}},
                         0,
                         "[error codes](errors.md)"};
  return {
      {MetricId::kCachePurges,
       "pando_cache_purges_total",
       kCounter,
       "",
       {purged},
       "PURGE requests sent to the caches in cache.purge_urls, by result. A rise of `failed` means that a cache in "
       "front is away or refuses, and may hold outdated responses."},
      {MetricId::kCatalogAge,
       "pando_catalog_age_seconds",
       kGauge,
       "seconds",
       {},
       "Seconds since Pando read the schema that it uses from the database. It rises while the schema stays the same."},
      {MetricId::kCatalogReloads,
       "pando_catalog_reloads_total",
       kCounter,
       "",
       {loaded},
       "Times Pando read the schema of the database, by result. After a failure Pando goes on with the schema that it "
       "has."},
      {MetricId::kCatalogRelations,
       "pando_catalog_relations",
       kGauge,
       "",
       {},
       "Tables and views in the schema that Pando uses."},
      {MetricId::kCatalogKnown,
       "pando_catalog_known",
       kGauge,
       "",
       {},
       "1 while the schema that Pando uses is known to be that of the database, else 0. At 0 requests take longer, "
       "because Pando relies on nothing that it has read about policies, triggers and functions."},
      {MetricId::kAuthFailures,
       "pando_auth_failures_total",
       kCounter,
       "",
       {refused},
       "Requests whose credentials were refused, by error code. A rise means expired or wrong tokens, a wrong "
       "auth.jwt_secret, or attempts to guess a token."},
  };
}

std::vector<MetricRow> ProcessRows() {
  return {
      {MetricId::kProcessCpu,
       "process_cpu_seconds_total",
       kCounter,
       "seconds",
       {},
       "Processor time that this process used, user and system, in seconds. A rate close to the number of cores means "
       "that the processor is the limit."},
      {MetricId::kProcessResidentMemory,
       "process_resident_memory_bytes",
       kGauge,
       "bytes",
       {},
       "Bytes of memory that this process holds in RAM now."},
      {MetricId::kProcessOpenFds,
       "process_open_fds",
       kGauge,
       "",
       {},
       "File descriptors of this process that are open now. At the limit of the system (ulimit -n) no connection can "
       "be accepted."},
      {MetricId::kProcessStartTime,
       "process_start_time_seconds",
       kGauge,
       "seconds",
       {},
       "When this process started, in seconds since 1970 (UTC). A change means a restart."},
      {MetricId::kBuildInfo,
       "pando_build_info",
       kGauge,
       "",
       {{"version", {}, 1, "the version of this program"}},
       "Always 1. The label has the version."},
  };
}

// In the order of MetricId: RowOf() indexes.
const std::vector<MetricRow>& Rows() {
  // Leaked on purpose: other threads may still count while the process ends.
  static const auto* rows = [] {
    auto* all = new std::vector<MetricRow>(HttpRows());
    for (const auto& group : {LimitRows(), DatabaseRows(), LaneRows(), ChangesRows(), FreshnessRows(), CacheRows(),
                              CatalogRows(), ProcessRows()})
      all->insert(all->end(), group.begin(), group.end());
    return all;
  }();
  return *rows;
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

}  // namespace pando::telemetry
