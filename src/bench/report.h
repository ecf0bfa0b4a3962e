// What is printed and written of a run: a summary for people, JSON and CSV for programs. A span that is infinite,
// because the quantile falls among failed requests, is `inf` in text and CSV, and null in JSON.
//
// Concurrency  immutable
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/knee.h"
#include "bench/point.h"

namespace pando::bench {

struct Report {
  std::string scenario, url;
  uint64_t seed = 0;
  uint32_t threads = 0, connections = 0;
  std::string arrivals;
  double slo_ms = 0;
  std::vector<Point> points;  // of the measured phases; empty in a search for the knee
  std::optional<KneeReport> knee;
};

std::string Summary(const Report& report);
std::string ReportJson(const Report& report);
// A line for each point, after one with the names of the columns.
std::string ReportCsv(const Report& report);

// One line for the terminal while a search goes on.
std::string KneeLine(const KneePoint& point);

}  // namespace pando::bench
