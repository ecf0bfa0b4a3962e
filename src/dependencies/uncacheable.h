// Why an answer may not be stored.
//
// Concurrency  immutable
#pragma once

#include <cstddef>
#include <cstdint>

namespace pando::dependencies {

// Why an answer may not be kept: of its shape, then of the moment.
enum class Uncacheable : uint8_t {
  kNo,  // it may
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
inline constexpr size_t kUncacheableCount = static_cast<size_t>(Uncacheable::kFirstSight) + 1;

}  // namespace pando::dependencies
