#include "bench/knee.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace pando::bench {
namespace {

using std::chrono::duration;

// A server as queueing theory has it: one queue with Poisson arrivals and exponential service (M/M/1), whose response
// time is exponentially distributed with mean 1 / (capacity - rate).
class Queue {
 public:
  explicit Queue(double capacity) : capacity_(capacity) {}

  // The rate up to which the 99th percentile stays under the promise.
  double Knee(double slo_ms) const { return capacity_ - std::log(100) / (slo_ms / 1000); }

  Result<std::vector<Point>> Measure(const std::vector<Phase>& phases) {
    std::vector<Point> points;
    for (const Phase& phase : phases) {
      seconds_ += duration<double>(phase.duration).count();
      if (phase.measured) points.push_back(At(phase));
    }
    ++measurements_;
    return points;
  }

  double seconds() const { return seconds_; }
  int measurements() const { return measurements_; }
  double rate_max_of_generator = std::numeric_limits<double>::infinity();

 private:
  Point At(const Phase& phase) const {
    Point point;
    point.name = phase.name;
    point.seconds = duration<double>(phase.duration).count();
    point.offered = phase.rate;
    point.due = static_cast<uint64_t>(phase.requests());
    point.achieved = std::min(phase.rate, capacity_);
    const double mean_ms = phase.rate < capacity_ ? 1000 / (capacity_ - phase.rate)
                                                  : 1000 * point.seconds * (phase.rate / capacity_ - 1) / 2 + 1000;
    point.response.mean = point.service.mean = mean_ms;
    point.response.p50 = mean_ms * std::log(2);
    point.response.p99 = mean_ms * std::log(100);
    point.in_flight = point.achieved * mean_ms / 1000;
    if (phase.rate > rate_max_of_generator) point.lag_ms_p99 = 1000;
    return point;
  }

  double capacity_;
  double seconds_ = 0;
  int measurements_ = 0;
};

KneeReport Find(Queue& queue, KneeOptions options = {}) {
  return FindKnee(options, [&](const std::vector<Phase>& phases) { return queue.Measure(phases); }, {}).value();
}

TEST(KneeTest, FindsTheRateAtWhichAQueueBreaksItsPromise) {
  for (const double capacity : {300.0, 2000.0, 40'000.0, 777'777.0}) {
    Queue queue(capacity);
    const KneeReport report = Find(queue);
    EXPECT_NEAR(report.slo_knee, queue.Knee(50), queue.Knee(50) * 0.03) << capacity;
    EXPECT_LE(report.slo_knee, queue.Knee(50));
    EXPECT_NEAR(report.rate_max, capacity, capacity * 0.02);
    EXPECT_FALSE(report.limited_by_generator);
  }
}

TEST(KneeTest, BeginsBelowOrAboveTheKnee) {
  Queue queue(2000);
  KneeOptions options;
  options.rate_first = 50'000;
  EXPECT_NEAR(Find(queue, options).slo_knee, queue.Knee(50), queue.Knee(50) * 0.03);
  options.rate_first = 3;
  EXPECT_NEAR(Find(queue, options).slo_knee, queue.Knee(50), queue.Knee(50) * 0.03);
}

TEST(KneeTest, ASternerPromiseHasALowerKnee) {
  Queue queue(2000);
  KneeOptions options;
  options.slo_ms = 5;
  EXPECT_NEAR(Find(queue, options).slo_knee, queue.Knee(5), queue.Knee(5) * 0.03);
}

TEST(KneeTest, ThePowerOfAQueueIsHighestAtHalfItsCapacity) {
  // Kleinrock: X / R = X * (C - X).
  Queue queue(2000);
  EXPECT_NEAR(Find(queue).efficiency_knee, 1000, 150);
}

TEST(KneeTest, MeasuresTheCurveAndTheOverload) {
  Queue queue(2000);
  const KneeReport report = Find(queue);
  size_t curve = 0;
  for (const KneePoint& point : report.points) curve += point.stage == "curve";
  EXPECT_EQ(curve, 8u);
  EXPECT_TRUE(report.usl.has_value());
  ASSERT_EQ(report.overloads.size(), 3u);
  EXPECT_EQ(report.overloads[2].factor, 10);
  EXPECT_NEAR(report.overloads[0].during.offered, 1.5 * report.slo_knee, 1);
  EXPECT_NEAR(report.overloads[0].after.offered, 0.5 * report.slo_knee, 1);
  EXPECT_LT(queue.seconds(), 300);
}

TEST(KneeTest, SaysWhenTheGeneratorWasTheLimit) {
  Queue queue(40'000);
  queue.rate_max_of_generator = 1000;
  const KneeReport report = Find(queue);
  EXPECT_TRUE(report.limited_by_generator);
}

TEST(KneeTest, AHiccupIsNotTheKnee) {
  Queue queue(2000);
  int measured = 0;
  const auto measure = [&](const std::vector<Phase>& phases) {
    Result<std::vector<Point>> points = queue.Measure(phases);
    // Every third measurement meets a machine that does something else.
    if (++measured % 3 == 0) points->back().response.p99 = 1000;
    return points;
  };
  EXPECT_NEAR(FindKnee({}, measure, {}).value().slo_knee, queue.Knee(50), queue.Knee(50) * 0.03);
}

TEST(KneeTest, AServerThatNeverHoldsHasNone) {
  Queue queue(10);
  KneeOptions options;
  options.slo_ms = 1;
  const KneeReport report = Find(queue, options);
  EXPECT_EQ(report.slo_knee, 0);
  EXPECT_TRUE(report.overloads.empty());
}

TEST(KneeTest, AnErrorEndsTheSearch) {
  int asked = 0;
  const auto measure = [&](const std::vector<Phase>&) -> Result<std::vector<Point>> {
    ++asked;
    return Error(ErrorId::kNetwork, "gone");
  };
  EXPECT_FALSE(FindKnee({}, measure, {}).has_value());
  EXPECT_EQ(asked, 1);
}

TEST(KneeTest, FailuresAndLostRequestsBreakThePromise) {
  Point point;
  point.offered = point.achieved = 100;
  point.due = 100;
  point.response.p99 = 10;
  EXPECT_TRUE(Holds(point, 50));
  EXPECT_FALSE(Holds(point, 5));
  point.failures[0] = 2;
  EXPECT_FALSE(Holds(point, 50));
  point.failures[0] = 0;
  point.achieved = 94;
  EXPECT_FALSE(Holds(point, 50));
  EXPECT_FALSE(Holds(Point(), 50));
}

}  // namespace
}  // namespace pando::bench
