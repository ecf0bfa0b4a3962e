// The search for the knee: the highest rate at which a server keeps its promise. It knows nothing of the network, only
// a function from phases to points.
//
//   1  doubling brackets the knee: achieved < 95 % of offered, p99 beyond the promise, or more than 1 % failed ends it
//   2  bisection on plateaus, each long enough that the number in the system does not drift
//   3  eight plateaus from 0.2 to 1.1 of the highest rate, and through them the Universal Scalability Law
//   4  1.5, 3 and 10 times the knee, and how long the server takes afterwards until it keeps its promise again
//
// Concurrency  single-owner; blocks as long as `measure` does
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/point.h"
#include "bench/schedule.h"
#include "bench/usl.h"

namespace pando::bench {

struct KneeOptions {
  double rate_first = 500;
  double slo_ms = 50;                     // for the 99th percentile
  std::chrono::milliseconds probe{3000};  // of one step of doubling
  std::chrono::milliseconds plateau{8000};
  std::chrono::milliseconds warm_up{1000};
  double precision = 0.03;  // of the bracket that bisection leaves
  bool overload = true;     // stage 4
};

inline constexpr double kAchievedShareMin = 0.95;
inline constexpr double kFailedShareMax = 0.01;
inline constexpr double kRateMin = 1;
inline constexpr int kDoublingsMax = 24;

struct KneePoint {
  std::string stage;  // "bracket", "bisect", "confirm", "curve", "overload"
  double rate = 0;    // asked for
  bool held = false;
  Point point;
};

struct Overload {
  double factor = 0;
  Point during;
  Point after;  // half the knee, straight afterwards
};

struct KneeReport {
  double slo_knee = 0;                // 0: not even the lowest rate held
  double rate_max = 0;                // the highest rate achieved at any point
  double efficiency_knee = 0;         // where rate over service time is the highest (Kleinrock's power)
  bool limited_by_generator = false;  // the point above the knee was void
  std::vector<KneePoint> points;      // in the order they were measured
  std::optional<UslFit> usl;
  std::vector<Overload> overloads;
};

// A point for each measured phase.
using Measure = std::function<Result<std::vector<Point>>(const std::vector<Phase>& phases)>;
// Hears of each point as it is there.
using KneeListener = std::function<void(const KneePoint&)>;

// Whether the point keeps the promise. One at which nothing was asked does not.
bool Holds(const Point& point, double slo_ms);

//   as `measure`
Result<KneeReport> FindKnee(const KneeOptions& options, const Measure& measure, const KneeListener& listener);

}  // namespace pando::bench
