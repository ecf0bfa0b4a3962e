// A small diagram in characters: latency against rate.
//
// Concurrency  immutable
#pragma once

#include <string>
#include <vector>

namespace pando::bench {

struct PlotPoint {
  double rate = 0;
  double p50_ms = 0, p99_ms = 0;  // those that are infinite are drawn on the upper edge
};

// Rates along the bottom, milliseconds upwards by powers; `o` marks the median and `x` the 99th percentile, `X` where
// it is beyond every span. Empty with fewer than two points.
std::string PlotLatency(const std::vector<PlotPoint>& points);

}  // namespace pando::bench
