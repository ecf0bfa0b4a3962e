#include "bench/point.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace pando::bench {
namespace {

constexpr double kNsPerMs = 1e6;
constexpr double kSettledShare = 0.99;
// A change that is smaller, or that may be chance, does not count. Neighbouring slices depend on each other, so that
// the usual 2 standard errors would be found too often.
constexpr double kDriftMin = 0.25;
constexpr double kStandardErrorsMin = 3;

Latency MakeLatency(const Histogram& histogram, uint64_t failed) {
  const auto at = [&](double quantile) { return histogram.Quantile(quantile, failed) / kNsPerMs; };
  Latency latency;
  if (histogram.count() + failed == 0) return latency;
  latency.p50 = at(0.5);
  latency.p90 = at(0.9);
  latency.p99 = at(0.99);
  latency.p999 = at(0.999);
  latency.p9999 = at(0.9999);
  latency.max =
      failed > 0 ? std::numeric_limits<double>::infinity() : static_cast<double>(histogram.max_ns()) / kNsPerMs;
  latency.mean = failed > 0 ? std::numeric_limits<double>::infinity() : histogram.mean_ns() / kNsPerMs;
  return latency;
}

// A straight line through the numbers in the system, slice by slice.
void JudgeDrift(const Tally& tally, Point& point) {
  constexpr auto kCount = static_cast<double>(Tally::kSlices);
  const double middle = (kCount - 1) / 2;
  double mean = 0, covariance = 0, variance = 0;
  for (const Slice& slice : tally.slices) mean += slice.in_system_ns / kCount;
  for (size_t i = 0; i < Tally::kSlices; ++i) {
    const double x = static_cast<double>(i) - middle;
    covariance += x * (tally.slices[i].in_system_ns - mean);
    variance += x * x;
  }
  if (mean <= 0) return;
  const double slope = covariance / variance;
  double residuals = 0;
  for (size_t i = 0; i < Tally::kSlices; ++i) {
    const double residual = tally.slices[i].in_system_ns - mean - slope * (static_cast<double>(i) - middle);
    residuals += residual * residual;
  }
  const double standard_error = std::sqrt(residuals / (kCount - 2) / variance);
  point.drift = slope * kCount / mean;
  point.stationary = std::abs(point.drift) < kDriftMin || std::abs(slope) < kStandardErrorsMin * standard_error;
}

double SettledAfter(const Tally& tally, double seconds) {
  size_t settled = Tally::kSlices;
  while (settled > 0) {
    const Slice& slice = tally.slices[settled - 1];
    if (static_cast<double>(slice.within_slo) < kSettledShare * static_cast<double>(slice.due)) break;
    --settled;
  }
  if (settled == Tally::kSlices) return std::numeric_limits<double>::infinity();
  return static_cast<double>(settled) * seconds / static_cast<double>(Tally::kSlices);
}

}  // namespace

uint64_t Point::failed() const { return std::accumulate(failures.begin(), failures.end(), uint64_t{0}); }

bool Point::is_void() const { return lag_ms_p99 > std::max(kLagFreeMs, kLagShareMax * response.p50); }

Point MakePoint(const Phase& phase, const Tally& tally, const std::vector<std::string>& names) {
  Point point;
  point.name = phase.name;
  point.seconds = std::chrono::duration<double>(phase.duration).count();
  point.due = tally.due;
  point.offered = static_cast<double>(tally.due) / point.seconds;
  point.achieved = static_cast<double>(tally.answered) / point.seconds;
  point.failures = tally.failures;
  point.response = MakeLatency(tally.response, tally.failed());
  point.service = MakeLatency(tally.service, 0);
  point.lag_ms_p99 = tally.lag.count() == 0 ? 0 : tally.lag.Quantile(0.99) / kNsPerMs;
  point.in_flight = tally.in_flight_ns / 1e9 / point.seconds;
  if (tally.in_flight_ns > 0) point.little_error = std::abs(tally.in_flight_ns - tally.service_ns) / tally.in_flight_ns;
  // What changes on purpose does not drift.
  if (phase.rate == phase.rate_to) JudgeDrift(tally, point);
  point.settled_after_seconds = SettledAfter(tally, point.seconds);
  point.received_bytes = static_cast<double>(tally.bytes_received) / point.seconds;
  point.cpu_us = tally.completed == 0 ? 0 : tally.cpu_seconds * 1e6 / static_cast<double>(tally.completed);
  point.cpu_share_max = tally.cpu_share_max;
  for (size_t i = 0; i < names.size(); ++i) {
    const KindTally& kind = tally.kinds[i];
    point.kinds.push_back({names[i], kind.response.count(), kind.failed, MakeLatency(kind.response, kind.failed)});
  }
  return point;
}

}  // namespace pando::bench
