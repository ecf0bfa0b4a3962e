#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <thread>

#include "base/test_source.h"
#include "telemetry/cache_bypass.h"
#include "telemetry/metrics_page.h"
#include "telemetry/process_metrics.h"
#include "telemetry/version.h"

namespace pando::telemetry {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class MetricsTest : public testing::Test {
 protected:
  // How many samples of `metric` a scrape has.
  size_t SeriesOf(const std::string& metric) const {
    const std::string text = metrics_.Scrape();
    size_t count = 0;
    for (size_t at = text.find("\n" + metric + "{"); at != std::string::npos;
         at = text.find("\n" + metric + "{", at + 1)) {
      ++count;
    }
    return count;
  }

  Metrics metrics_;
  Shard& shard_ = metrics_.NewShard();
};

TEST_F(MetricsTest, PrintsACounterWithItsLabels) {
  shard_.CounterFor(MetricId::kHttpRequests, {"GET", "films", "200"}).Add();
  shard_.CounterFor(MetricId::kHttpRequests, {"GET", "films", "200"}).Add(2);

  EXPECT_THAT(metrics_.Scrape(),
              HasSubstr("# TYPE pando_http_requests_total counter\n"
                        "pando_http_requests_total{method=\"GET\",route=\"films\",status=\"200\"} 3\n"));
}

TEST_F(MetricsTest, SumsTheShardsOfAllLoops) {
  Shard& other = metrics_.NewShard();
  shard_.CounterFor(MetricId::kHttpBytesIn, {}).Add(10);
  other.CounterFor(MetricId::kHttpBytesIn, {}).Add(5);

  EXPECT_THAT(metrics_.Scrape(), HasSubstr("\npando_http_bytes_in_total 15\n"));
}

TEST_F(MetricsTest, StartsACounterWithoutLabelsAtZero) {
  EXPECT_THAT(metrics_.Scrape(), HasSubstr("\npando_http_bytes_out_total 0\n"));
}

TEST_F(MetricsTest, AsksForCollectedValuesAtEachScrapeAndSumsThem) {
  double waiting = 1;
  metrics_.Collect(MetricId::kDbPoolWaiting, {}, [&] { return waiting; });
  metrics_.Collect(MetricId::kDbPoolWaiting, {}, [] { return 10.0; });
  EXPECT_THAT(metrics_.Scrape(), HasSubstr("\npando_db_pool_waiting 11\n"));

  waiting = 2;

  EXPECT_THAT(metrics_.Scrape(), HasSubstr("\npando_db_pool_waiting 12\n"));
}

TEST_F(MetricsTest, CountsAnObservationInEveryBucketFromItsOwnUp) {
  Histogram& histogram = shard_.HistogramFor(MetricId::kHttpRequestDuration, {"relation"});
  histogram.Observe(microseconds(100));
  histogram.Observe(nanoseconds(100'001));
  histogram.Observe(milliseconds(3));
  histogram.Observe(seconds(100));
  histogram.Observe(-seconds(1));

  const std::string text = metrics_.Scrape();

  const std::string name = "pando_http_request_duration_seconds";
  EXPECT_THAT(text, HasSubstr(name + "_bucket{kind=\"relation\",le=\"0.0001\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{kind=\"relation\",le=\"0.00025\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{kind=\"relation\",le=\"0.0025\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{kind=\"relation\",le=\"0.005\"} 4\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{kind=\"relation\",le=\"50\"} 4\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{kind=\"relation\",le=\"+Inf\"} 5\n"));
  EXPECT_THAT(text, HasSubstr(name + "_sum{kind=\"relation\"} 100.003200001\n"));
  EXPECT_THAT(text, HasSubstr(name + "_count{kind=\"relation\"} 5\n"));
}

TEST_F(MetricsTest, CallsLabelValuesOutsideOfTheirListOther) {
  shard_.CounterFor(MetricId::kHttpRequests, {"BREW", "films", "405"}).Add();
  shard_.CounterFor(MetricId::kHttpRequests, {"SPIN", "films", "405"}).Add();

  EXPECT_THAT(metrics_.Scrape(),
              HasSubstr("pando_http_requests_total{method=\"other\",route=\"films\",status=\"405\"} 2\n"));
}

TEST_F(MetricsTest, BoundsAnOpenLabelAcrossAllShards) {
  Shard& other = metrics_.NewShard();
  for (int i = 0; i < 1000; ++i) {
    Shard& shard = i % 2 == 0 ? shard_ : other;
    shard.CounterFor(MetricId::kHttpRequests, {"GET", "relation_" + std::to_string(i), "200"}).Add();
  }

  EXPECT_EQ(SeriesOf("pando_http_requests_total"), 201u);
  EXPECT_THAT(metrics_.Scrape(),
              HasSubstr("pando_http_requests_total{method=\"GET\",route=\"other\",status=\"200\"} 800\n"));
}

TEST_F(MetricsTest, BoundsTheSeriesOfAMetric) {
  for (int route = 0; route < 200; ++route) {
    for (int status = 200; status < 300; ++status) {
      shard_.CounterFor(MetricId::kHttpRequests, {"GET", std::to_string(route), std::to_string(status)}).Add();
    }
  }

  EXPECT_LE(SeriesOf("pando_http_requests_total"), kSeriesMax + 1);
  EXPECT_THAT(metrics_.Scrape(), HasSubstr("{method=\"other\",route=\"other\",status=\"other\"} 15000\n"));
}

TEST_F(MetricsTest, EscapesLabelValues) {
  shard_.CounterFor(MetricId::kHttpRequests, {"GET", "a\"b\\c\nd\xFF", "200"}).Add();

  EXPECT_THAT(metrics_.Scrape(), HasSubstr(R"(route="a\"b\\c\nd?")"));
}

TEST_F(MetricsTest, GivesTheSameCounterForTheSameLabels) {
  EXPECT_EQ(&shard_.CounterFor(MetricId::kCatalogReloads, {"ok"}),
            &shard_.CounterFor(MetricId::kCatalogReloads, {"ok"}));
  EXPECT_NE(&shard_.CounterFor(MetricId::kCatalogReloads, {"ok"}),
            &shard_.CounterFor(MetricId::kCatalogReloads, {"failed"}));
}

TEST_F(MetricsTest, KeepsCountingWhileItIsScraped) {
  std::vector<std::thread> loops;
  for (int loop = 0; loop < 3; ++loop) {
    loops.emplace_back([&metrics = metrics_] {
      Shard& shard = metrics.NewShard();
      for (int i = 0; i < 2000; ++i) {
        shard.CounterFor(MetricId::kHttpRequests, {"GET", std::to_string(i % 50), "200"}).Add();
        shard.HistogramFor(MetricId::kHttpRequestDuration, {"relation"}).Observe(milliseconds(1));
        shard.CounterFor(MetricId::kHttpBytesIn, {}).Add();
      }
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_THAT(metrics_.Scrape(), HasSubstr("# TYPE pando_build_info gauge"));
  for (std::thread& loop : loops) loop.join();

  EXPECT_THAT(metrics_.Scrape(), HasSubstr("\npando_http_bytes_in_total 6000\n"));
  EXPECT_THAT(metrics_.Scrape(), HasSubstr("pando_http_request_duration_seconds_count{kind=\"relation\"} 6000\n"));
}

TEST_F(MetricsTest, LeavesOutAGaugeThatNobodyReads) {
  EXPECT_THAT(metrics_.Scrape(), Not(HasSubstr("\npando_catalog_relations ")));
}

TEST(ProcessMetricsTest, AreReadFromTheOperatingSystem) {
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();

  EXPECT_GT(ProcessCpuSeconds(), 0);
  EXPECT_GT(ProcessResidentBytes(), 1 << 20);
  EXPECT_GE(ProcessOpenFds(), 3);
  EXPECT_GT(ProcessStartTimeSeconds(), now - 24 * 3600);
  // The clock's ticks and the boot time are rounded to a second each.
  EXPECT_LT(ProcessStartTimeSeconds(), now + 2);
}

TEST(MetricInventoryTest, NamesEveryMetricAsPrometheusAdvises) {
  ASSERT_EQ(AllMetrics().size(), kMetricCount);
  std::set<std::string_view> names;
  for (const MetricRow& row : AllMetrics()) {
    EXPECT_EQ(&RowOf(row.id), &row);
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(row.type == MetricType::kCounter, row.name.ends_with("_total")) << row.name;
    EXPECT_NE(row.name.find(row.unit), std::string_view::npos) << row.name;
    EXPECT_TRUE(row.help.ends_with(".")) << row.name;
  }
}

// A word for an alert's expression: lower case, digits and underscores.
bool IsWord(std::string_view text) {
  static const std::regex kWord("[a-z][a-z0-9_]*");
  return std::regex_match(text.begin(), text.end(), kWord);
}

// The labels whose values Pando does not choose: "metric label".
std::set<std::string> LabelsOfForeignNames() {
  std::set<std::string> names;
  for (const MetricRow& row : AllMetrics()) {
    for (const LabelRow& label : row.labels) {
      if (!label.source.empty()) names.insert(std::string(row.name) + " " + std::string(label.name));
    }
  }
  return names;
}

TEST(MetricInventoryTest, SpellsLabelsAndTheirValuesAsWords) {
  for (const MetricRow& row : AllMetrics()) {
    for (const LabelRow& label : row.labels) {
      EXPECT_TRUE(IsWord(label.name)) << row.name;
      if (!label.source.empty()) continue;
      EXPECT_FALSE(label.values.empty()) << row.name << " " << label.name;
      for (const LabelValue& value : label.values) {
        EXPECT_TRUE(IsWord(value.name)) << row.name << " " << value.name;
        EXPECT_FALSE(value.meaning.empty()) << row.name << " " << value.name;
      }
    }
  }
}

TEST(MetricInventoryTest, HasFewLabelsWhoseValuesOthersName) {
  EXPECT_THAT(LabelsOfForeignNames(),
              testing::UnorderedElementsAre("pando_auth_failures_total reason", "pando_build_info version",
                                            "pando_http_requests_total method", "pando_http_requests_total route",
                                            "pando_http_requests_total status", "pando_loop_lag_seconds loop"));
}

TEST(MetricInventoryTest, CountsEachReasonToBypassTheCacheUnderItsOwnWord) {
  Metrics metrics;
  std::set<std::string_view> labels;
  for (const CacheBypassRow& row : AllCacheBypasses()) {
    EXPECT_TRUE(labels.insert(row.label).second) << row.label;
    EXPECT_EQ(row.detail.find_first_of("\"\\"), std::string_view::npos) << row.detail;
    metrics.Collect(MetricId::kCacheBypasses, {row.label}, [] { return 1.0; });
  }

  const std::string text = metrics.Scrape();

  for (const std::string_view label : labels) {
    EXPECT_THAT(text, HasSubstr("pando_cache_bypasses_total{reason=\"" + std::string(label) + "\"} 1\n"));
  }
}

TEST(MetricInventoryTest, PrintsTheCommittedPage) {
  EXPECT_EQ(SourceText("docs/reference/metrics.md"), MetricsPage()) << "run ./dev docs";
}

TEST(VersionTest, IsTheVersionOfTheBuild) {
  EXPECT_THAT(SourceText("CMakeLists.txt"), HasSubstr("project(pando VERSION " + std::string(kVersion) + " "));
}

}  // namespace
}  // namespace pando::telemetry
