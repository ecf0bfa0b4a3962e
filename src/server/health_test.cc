#include "server/health.h"

#include <gtest/gtest.h>

namespace pando::server {
namespace {

using admin::Check;
using std::chrono::seconds;

class HealthTest : public testing::Test {
 protected:
  HealthTest() {
    health_.DatabaseAnswered(begun_);
    health_.CatalogLoaded();
  }

  Check Find(const std::string& name, Clock::time_point now) const {
    for (Check& check : health_.Checks(now)) {
      if (check.name == name) return std::move(check);
    }
    ADD_FAILURE() << name;
    return {};
  }

  const Clock::time_point begun_ = Clock::now();
  Health health_;
};

TEST_F(HealthTest, ASilentDatabaseDegradesAfterTwoSecondsAndDecidesAfterThirty) {
  EXPECT_TRUE(Find("database", begun_ + milliseconds(1999)).ok);
  const Check silent = Find("database", begun_ + seconds(2));
  EXPECT_FALSE(silent.ok);
  EXPECT_EQ(silent.weight, Check::Weight::kDegrades);
  EXPECT_EQ(silent.detail, "the database does not answer; its last answer came 2 s ago");
  EXPECT_EQ(Find("database", begun_ + milliseconds(29'999)).weight, Check::Weight::kDegrades);
  EXPECT_EQ(Find("database", begun_ + seconds(30)).weight, Check::Weight::kDecides);
}

TEST_F(HealthTest, ALostConnectionDegradesAtOnce) {
  health_.DatabaseLost();
  EXPECT_FALSE(Find("database", begun_).ok);
  EXPECT_EQ(Find("database", begun_).weight, Check::Weight::kDegrades);

  health_.DatabaseFound();
  EXPECT_TRUE(Find("database", begun_).ok);
}

TEST_F(HealthTest, TheFirstCatalogAndDrainingDecide) {
  Health fresh;
  for (const Check& check : fresh.Checks(begun_)) {
    if (check.name == "catalog") EXPECT_TRUE(!check.ok && check.weight == Check::Weight::kDecides);
    if (check.name == "database") EXPECT_TRUE(!check.ok && check.weight == Check::Weight::kDegrades);
  }
  health_.Draining();
  EXPECT_FALSE(Find("draining", begun_).ok);
  EXPECT_EQ(Find("draining", begun_).weight, Check::Weight::kDecides);
}

TEST_F(HealthTest, OtherPartsDegrade) {
  std::optional<std::string> why;
  health_.Watch("changes", [&] { return why; });
  EXPECT_TRUE(Find("changes", begun_).ok);

  why = "it does not run";
  EXPECT_EQ(Find("changes", begun_).detail, "it does not run");
  EXPECT_EQ(Find("changes", begun_).weight, Check::Weight::kDegrades);
}

}  // namespace
}  // namespace pando::server
