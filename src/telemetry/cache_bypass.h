// The reasons why a read bypasses the cache: one row each, with the label value of pando_cache_bypasses_total and the
// sentence for people, which Cache-Status shows as `detail` and docs/reference/metrics.md lists.
//
// Concurrency  immutable
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pando::telemetry {

// First those that follow from what is read, then those of the moment.
enum class CacheBypass : uint8_t {
  kNo,  // the read may be answered from the cache
  kNotATable,
  kExcluded,
  kUnpublished,
  kObserves,
  kCounts,
  kForm,
  kFilter,
  kOrder,
  kOutput,
  kEmbedJoin,
  kEmbedTable,
  kSettings,
  kNoStream,
  kNoTriggers,
  kOtherDatabase,
  kSchema,
  kStale,
  kOwnWrites,
  kFirstSight,
};
inline constexpr size_t kCacheBypassCount = static_cast<size_t>(CacheBypass::kFirstSight) + 1;

struct CacheBypassRow {
  CacheBypass bypass;
  std::string_view label;   // of the metric: a snake_case word, which stays as it is
  std::string_view detail;  // what is the case: no quote and no backslash, so that it may stand in a header's string
};

// kNo has empty texts.
const CacheBypassRow& RowOf(CacheBypass bypass);
// The reasons, kNo left out.
std::span<const CacheBypassRow> AllCacheBypasses();

}  // namespace pando::telemetry
