// What became of the look-ups of one event loop.
//
// Concurrency  written by one thread, read by any
#pragma once

#include "telemetry/metrics.h"

namespace pando::serve {

struct CacheCounts {
  telemetry::Counter hits;
  telemetry::Counter misses;    // of what may be kept
  telemetry::Counter bypasses;  // reads of what may not, or while the stream is too old
};

}  // namespace pando::serve
