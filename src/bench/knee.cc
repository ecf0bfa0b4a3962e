#include "bench/knee.h"

#include <algorithm>
#include <array>

namespace pando::bench {
namespace {

constexpr std::array kCurveShares{0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0, 1.1};
constexpr std::array kOverloadFactors{1.5, 3.0, 10.0};
constexpr std::chrono::seconds kOverloadSpan{5};
constexpr double kRecoveryShare = 0.5;
// A bisection step that drifted is measured once more, so much longer.
constexpr int kLonger = 2;
// What bisection found is confirmed, or taken back by this much.
constexpr double kStepBack = 0.95;
constexpr int kStepsBackMax = 6;
// More in flight than this share above what it began with is a queue that grows.
constexpr double kGrowthMax = 0.5;

class Search {
 public:
  Search(const KneeOptions& options, const Measure& measure, const KneeListener& listener)
      : options_(options), measure_(measure), listener_(listener) {}

  Result<KneeReport> Run() {
    PANDO_CHECK(Bracket());
    if (low_ > 0) {
      PANDO_CHECK(Bisect());
      PANDO_CHECK(Confirm());
    }
    report_.slo_knee = low_;
    if (low_ > 0) {
      PANDO_CHECK(Curve());
      if (options_.overload) PANDO_CHECK(Overloads());
    }
    return std::move(report_);
  }

 private:
  // Measures one plateau after a warm-up at the same rate.
  Result<KneePoint> At(const char* stage, double rate, std::chrono::nanoseconds duration) {
    PANDO_TRY(const std::vector<Point> points, measure_({MakePlateau("warm-up", rate, options_.warm_up, false),
                                                         MakePlateau(stage, rate, duration, true)}));
    KneePoint measured{stage, rate, Holds(points.back(), options_.slo_ms), points.back()};
    report_.points.push_back(measured);
    report_.rate_max = std::max(report_.rate_max, measured.point.achieved);
    if (listener_) listener_(measured);
    return measured;
  }

  // A rate that does not hold is tried once more: a hiccup of the machine is not the knee.
  Result<KneePoint> TwiceAt(const char* stage, double rate, std::chrono::nanoseconds duration) {
    PANDO_TRY(KneePoint measured, At(stage, rate, duration));
    if (measured.held) return measured;
    return At(stage, rate, duration);
  }

  // low_ holds and high_ does not, or low_ is 0.
  Result<void> Bracket() {
    double rate = options_.rate_first;
    for (int i = 0; i < kDoublingsMax; ++i) {
      PANDO_TRY(const KneePoint measured, TwiceAt("bracket", rate, options_.probe));
      if (measured.held) {
        low_ = rate;
        if (high_ > 0) return {};
        rate *= 2;
        continue;
      }
      high_ = rate;
      report_.limited_by_generator = measured.point.is_void();
      if (low_ > 0) return {};
      rate /= 2;
      if (rate < kRateMin) return {};
    }
    return {};
  }

  Result<void> Bisect() {
    while (high_ > low_ * (1 + options_.precision)) {
      const double rate = (low_ + high_) / 2;
      PANDO_TRY(KneePoint measured, TwiceAt("bisect", rate, options_.plateau));
      if (measured.held && !measured.point.stationary) {
        PANDO_TRY(measured, At("bisect", rate, options_.plateau * kLonger));
      }
      if (measured.held && !Grows(measured.point)) {
        low_ = rate;
      } else {
        high_ = rate;
        report_.limited_by_generator = measured.point.is_void();
      }
    }
    return {};
  }

  // Every step of the bisection could be right by luck, the last one that held most of all.
  Result<void> Confirm() {
    for (int i = 0; i < kStepsBackMax; ++i) {
      PANDO_TRY(const KneePoint measured, TwiceAt("confirm", low_, options_.plateau));
      if (measured.held && !Grows(measured.point)) return {};
      low_ *= kStepBack;
    }
    return {};
  }

  static bool Grows(const Point& point) { return !point.stationary && point.drift > kGrowthMax; }

  Result<void> Curve() {
    std::vector<UslSample> samples;
    const double rate_max = report_.rate_max;
    double power_max = 0;
    for (const double share : kCurveShares) {
      PANDO_TRY(const KneePoint measured, At("curve", share * rate_max, options_.plateau));
      samples.push_back({measured.point.in_flight, measured.point.achieved});
      const double power = measured.point.service.mean > 0 ? measured.point.achieved / measured.point.service.mean : 0;
      if (power <= power_max) continue;
      power_max = power;
      report_.efficiency_knee = measured.point.achieved;
    }
    report_.usl = FitUsl(samples);
    return {};
  }

  Result<void> Overloads() {
    for (const double factor : kOverloadFactors) {
      Phase overload = MakePlateau("overload", factor * report_.slo_knee, kOverloadSpan, true);
      overload.abandons_backlog = true;
      const Phase recovery = MakePlateau("recovery", kRecoveryShare * report_.slo_knee, kOverloadSpan, true);
      PANDO_TRY(std::vector<Point> points, measure_({overload, recovery}));
      report_.rate_max = std::max(report_.rate_max, points[0].achieved);
      if (listener_) listener_({"overload", overload.rate, Holds(points[0], options_.slo_ms), points[0]});
      report_.overloads.push_back({factor, std::move(points[0]), std::move(points[1])});
    }
    return {};
  }

  const KneeOptions& options_;
  const Measure& measure_;
  const KneeListener& listener_;
  double low_ = 0, high_ = 0;
  KneeReport report_;
};

}  // namespace

bool Holds(const Point& point, double slo_ms) {
  return point.due > 0 && point.achieved >= kAchievedShareMin * point.offered && point.response.p99 <= slo_ms &&
         point.failed_share() <= kFailedShareMax;
}

Result<KneeReport> FindKnee(const KneeOptions& options, const Measure& measure, const KneeListener& listener) {
  return Search(options, measure, listener).Run();
}

}  // namespace pando::bench
