// The inventory of log events: one row each, with what happened and what an operator does about it. A test compares the
// rows with the calls of Log() in the source; docs/reference/logs.md is printed from them.
//
// Concurrency  immutable
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/log.h"

namespace pando::telemetry {

struct LogRow {
  std::string_view event;     // stable: dashboards and alerts go by it
  std::vector<Level> levels;  // the lowest first
  std::string_view happened;
  std::string_view to_do;
};

// Sorted by event.
std::span<const LogRow> AllLogEvents();

// docs/reference/logs.md
std::string LogsPage();

}  // namespace pando::telemetry
