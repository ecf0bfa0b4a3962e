// Prints the inventory of metrics as a page of the reference.
//
// Concurrency  immutable
#pragma once

#include <string>

namespace pando::telemetry {

// docs/reference/metrics.md
std::string MetricsPage();

}  // namespace pando::telemetry
