#include "bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "bench/plot.h"

namespace pando::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

Point MakePoint(double rate, double ms) {
  Point point;
  point.name = "at, \"once\"";
  point.seconds = 10;
  point.offered = point.achieved = rate;
  point.due = 1000;
  point.response = {ms, ms, ms, ms, ms, ms, ms};
  point.service = point.response;
  return point;
}

Report MakeReport() {
  Report report;
  report.scenario = "shop";
  report.seed = 42;
  report.points = {MakePoint(100, 1), MakePoint(200, 30)};
  return report;
}

TEST(ReportTest, TheSummaryTellsTheSeedAndBothTimes) {
  const std::string text = Summary(MakeReport());
  EXPECT_THAT(text, HasSubstr("seed 42"));
  EXPECT_THAT(text, HasSubstr("response"));
  EXPECT_THAT(text, HasSubstr("service"));
  EXPECT_THAT(text, HasSubstr("latency against offered rate"));
  EXPECT_THAT(text, Not(HasSubstr("VOID")));
}

TEST(ReportTest, ADoubtfulPointSaysSo) {
  Report report = MakeReport();
  report.points[0].lag_ms_p99 = 500;
  report.points[1].achieved = 100;
  const std::string text = Summary(report);
  EXPECT_THAT(text, HasSubstr("VOID"));
  EXPECT_THAT(text, HasSubstr("saturated"));
}

TEST(ReportTest, InfinityIsNullInJson) {
  Report report = MakeReport();
  report.points[0].response.p99 = std::numeric_limits<double>::infinity();
  const std::string json = ReportJson(report);
  EXPECT_THAT(json, HasSubstr("\"p99\":null"));
  EXPECT_THAT(json, HasSubstr("\"name\":\"at, \\\"once\\\"\""));
  EXPECT_THAT(json, Not(HasSubstr("inf,")));
}

TEST(ReportTest, CsvHasAsManyFieldsInEachLine) {
  Report report = MakeReport();
  for (Point& point : report.points) point.name = "plain";
  const std::string csv = ReportCsv(report);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), ',') % 3, 0);
  EXPECT_THAT(ReportCsv(MakeReport()), HasSubstr("\"at, \"\"once\"\"\""));
}

TEST(PlotTest, DrawsEachPoint) {
  const std::string plot = PlotLatency({{100, 1, 2}, {200, 1, 10}, {400, 3, std::numeric_limits<double>::infinity()}});
  EXPECT_EQ(std::count(plot.begin(), plot.end(), '|'), 13);
  EXPECT_THAT(plot, HasSubstr("400 requests/s"));
  EXPECT_THAT(plot, HasSubstr("|"));
  EXPECT_EQ(PlotLatency({{100, 1, 2}}), "");
  EXPECT_EQ(PlotLatency({}), "");
}

}  // namespace
}  // namespace pando::bench
