// Prometheus' text exposition format 0.0.4. A series is known by its key: its label values, each closed by a byte that
// UTF-8 never has.
//
// Concurrency  immutable
#pragma once

#include <string>
#include <string_view>

#include "telemetry/metric_inventory.h"
#include "telemetry/metrics.h"

namespace pando::telemetry {

// Adds one label value to a key.
void AppendLabel(std::string& key, std::string_view value);

// The lines # HELP and # TYPE.
void AppendHead(std::string& out, const MetricRow& row);
// name{label="value"} 12
void AppendSample(std::string& out, const MetricRow& row, std::string_view key, double value);
// The cumulative buckets, _sum in seconds, and _count.
void AppendHistogram(std::string& out, const MetricRow& row, std::string_view key,
                     const Histogram::Snapshot& histogram);

}  // namespace pando::telemetry
