// The inventory of metrics: one row each, with what it counts, its labels, and how many values each label may take.
// docs/reference/metrics.md is printed from it (metrics_page.h).
//
// Concurrency  immutable
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pando::telemetry {

enum class MetricId : uint8_t {
  kHttpRequests,
  kHttpRequestDuration,
  kHttpConnectionsOpen,
  kHttpRequestsInFlight,
  kHttpBytesIn,
  kHttpBytesOut,
  kHttpMemory,
  kHttpMemoryMax,
  kHttpMemoryRefusals,
  kHttpSlowClients,
  kLoopLag,
  kDbPoolConnections,
  kDbPoolWaiting,
  kDbCommitsWaiting,
  kDbPoolTimeouts,
  kDbLaneStatements,
  kDbLaneBatches,
  kDbLaneFailures,
  kDbLaneStops,
  kChangesStreaming,
  kChangesTransactions,
  kChangesRows,
  kChangesBreaks,
  kChangesLagBytes,
  kChangesDelay,
  kChangesCommitDelay,
  kChangesAge,
  kChangesMemory,
  kChangesTables,
  kCacheRequests,
  kCacheBypasses,
  kCacheFills,
  kCacheInvalidations,
  kCacheEvictions,
  kCacheAnswers,
  kCacheBytes,
  kCachePurges,
  kCatalogAge,
  kCatalogReloads,
  kCatalogRelations,
  kCatalogKnown,
  kAuthFailures,
  kProcessCpu,
  kProcessResidentMemory,
  kProcessOpenFds,
  kProcessStartTime,
  kBuildInfo,
};
inline constexpr size_t kMetricCount = static_cast<size_t>(MetricId::kBuildInfo) + 1;

enum class MetricType : uint8_t { kCounter, kGauge, kHistogram };
std::string_view ToString(MetricType type);

struct LabelValue {
  std::string_view name;  // a snake_case word, unless `source` says whose name it is
  std::string_view meaning;
};

// A label takes one of `values`, or when there are none, the first `values_max` that occur. Anything else is "other".
struct LabelRow {
  std::string_view name;
  std::vector<LabelValue> values;
  uint32_t values_max = 0;
  // Whose names the values are when Pando does not choose them: those of HTTP, of the database. Empty where it does.
  std::string_view source = {};
};

struct MetricRow {
  MetricId id;
  std::string_view name;
  MetricType type;
  std::string_view unit;  // empty for a plain count
  std::vector<LabelRow> labels;
  std::string_view help;  // what is counted, in which unit, and what a rise means
};

const MetricRow& RowOf(MetricId id);
std::span<const MetricRow> AllMetrics();

}  // namespace pando::telemetry
