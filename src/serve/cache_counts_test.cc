#include "serve/cache_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "telemetry/metric_inventory.h"

namespace pando::serve {
namespace {

using telemetry::MetricId;

std::set<std::string_view> ValuesOf(MetricId id) {
  std::set<std::string_view> names;
  for (const telemetry::LabelValue& value : telemetry::RowOf(id).labels.front().values) names.insert(value.name);
  return names;
}

TEST(CacheCountsTest, HasALabelInTheInventoryForEachReasonToBypassTheCache) {
  const std::set<std::string_view> listed = ValuesOf(MetricId::kCacheBypasses);
  for (size_t i = 1; i < telemetry::kCacheBypassCount; ++i) {
    const auto why = static_cast<Uncacheable>(i);
    EXPECT_TRUE(listed.contains(telemetry::RowOf(why).label)) << i;
    EXPECT_FALSE(Words(why).empty()) << i;
  }
  EXPECT_EQ(listed.size(), telemetry::kCacheBypassCount - 1);
  EXPECT_EQ(Words(Uncacheable::kNo), "");
}

TEST(CacheCountsTest, HasALabelInTheInventoryForEachFillThatIsLost) {
  const std::set<std::string_view> listed = ValuesOf(MetricId::kCacheFills);
  for (size_t i = 0; i < kUnprovenCount; ++i) {
    EXPECT_TRUE(listed.contains(Label(static_cast<Unproven>(i)))) << i;
  }
}

}  // namespace
}  // namespace pando::serve
