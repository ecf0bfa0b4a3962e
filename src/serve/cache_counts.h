// What became of the look-ups of one event loop: answers that were kept, that may not be, and that could not be though
// they may.
//
// Concurrency  written by one thread, read by any
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dependencies/uncacheable.h"
#include "telemetry/metrics.h"

namespace pando::serve {

using dependencies::Uncacheable;

// The sentence for people, as Cache-Status has it.
std::string_view Words(Uncacheable why);

// Why an answer that was to be kept was not offered to the store.
enum class Unproven : uint8_t {
  kFailed,     // there is no answer of status 200 or 206
  kAlone,      // its batch did not come to its end
  kReplica,    // its snapshot is not one of the primary
  kSchema,     // the schema is not that of the catalog any more
  kPublished,  // what was open when the table was published may still be
};
inline constexpr size_t kUnprovenCount = static_cast<size_t>(Unproven::kPublished) + 1;
// The value of the label `result` of pando_cache_fills_total.
std::string_view Label(Unproven why);

struct CacheCounts {
  telemetry::Counter& Bypasses(Uncacheable why) { return bypasses[static_cast<size_t>(why)]; }
  telemetry::Counter& Lost(Unproven why) { return lost[static_cast<size_t>(why)]; }

  telemetry::Counter hits;
  telemetry::Counter joined;                                              // found once somebody else had brought them
  telemetry::Counter misses;                                              // of what may be kept
  std::array<telemetry::Counter, telemetry::kCacheBypassCount> bypasses;  // reads of what may not, by reason
  std::array<telemetry::Counter, kUnprovenCount> lost;                    // fills
};

}  // namespace pando::serve
