#include "bench/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::bench {
namespace {

using testing::HasSubstr;

constexpr const char* kWhole = R"(
name = "shop"
url = "http://127.0.0.1:8080"
seed = 7
connections = 500
threads = 2
arrivals = "constant"
timeout = "5s"
slo = "20ms"

[headers]
apikey = "k"

[parameters.id]
draw = "zipf"
exponent = 1.1
from = 1
to = 1000

[parameters.hot]
draw = "hot"
hot_draws = 0.8
hot_keys = 0.2
to = 9
scatter = false

[parameters.code]
values = ["CH", "DE"]

[parameters.n]
draw = "sequence"
from = 5

[[requests]]
weight = 99
path = "/items?id=eq.${id}"

[[requests]]
name = "write"
weight = 1
method = "POST"
path = "/items"
headers = { Prefer = "return=minimal" }
body = '{"id": ${n}}'
expect = [201, 409]

[[phases]]
name = "warm-up"
rate = 100
duration = "1s"
measured = false

[[phases]]
rate = 100.5
to = 1000
duration = "2m"
)";

TEST(ScenarioTest, IsReadAsWritten) {
  const Result<Scenario> read = ParseScenario(kWhole, "shop.toml");
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  const Scenario& scenario = *read;
  EXPECT_EQ(scenario.seed, 7);
  EXPECT_EQ(scenario.connections, 500u);
  EXPECT_EQ(scenario.threads, 2u);
  EXPECT_EQ(scenario.arrivals, Arrivals::kConstant);
  EXPECT_EQ(scenario.timeout, milliseconds(5000));
  EXPECT_EQ(scenario.slo, milliseconds(20));
  EXPECT_EQ(scenario.headers.size(), 1u);
  ASSERT_EQ(scenario.parameters.size(), 4u);
  ASSERT_EQ(scenario.requests.size(), 2u);
  EXPECT_EQ(scenario.requests[0].name, "GET /items?id=eq.${id}");
  EXPECT_EQ(scenario.requests[1].expected, (std::vector<int>{201, 409}));
  ASSERT_EQ(scenario.phases.size(), 2u);
  EXPECT_FALSE(scenario.phases[0].measured);
  EXPECT_EQ(scenario.phases[0].rate_to, 100);
  EXPECT_EQ(scenario.phases[1].name, "phase 2");
  EXPECT_EQ(scenario.phases[1].rate, 100.5);
  EXPECT_EQ(scenario.phases[1].rate_to, 1000);
  EXPECT_EQ(scenario.phases[1].duration, std::chrono::minutes(2));
}

TEST(ScenarioTest, ParametersCountBothEnds) {
  const Scenario scenario = ParseScenario("[parameters.a]\nfrom = -2\nto = 2\n", "x").value();
  EXPECT_EQ(scenario.parameters[0].sampler.count(), 5u);
  EXPECT_EQ(scenario.parameters[0].first, -2);
}

struct Bad {
  const char* text;
  const char* told;
};

TEST(ScenarioTest, WhatIsWrongIsToldWithItsPlace) {
  const Bad kBad[] = {
      {"conections = 5", "did you mean \"connections\"?"},
      {"[[requests]]\npath = \"/\"\nwieght = 3", "did you mean \"weight\"?"},
      {"[parameters.a]\nto = 5\nexponent = 2", "[parameters.a] has no \"exponent\""},
      {"[[phases]]\nrate = 5\ndurations = \"1s\"", "did you mean \"duration\"?"},
      {"connections = 0", "a whole number from 1 to 60000"},
      {"connections = \"5\"", "a whole number"},
      {"\n\narrivals = \"poison\"", "did you mean \"poisson\"?"},
      {"\n\nslo = 50", "x.toml:3"},
      {"[[phases]]\nduration = \"1s\"", "needs a \"rate\""},
      {"[[phases]]\nrate = 1", "needs a \"duration\""},
      {"[[phases]]\nrate = -1\nduration = \"1s\"", "a number from 0"},
      {"[phases]\nrate = 1", "must be"},
      {"[parameters.a]\nfrom = 5\nto = 4", "less than"},
      {"[parameters.a]\nfrom = 5", "either \"to\" or \"values\""},
      {"[parameters.a]\nto = 5\nvalues = [\"a\"]", "either \"to\" or \"values\""},
      {"[parameters.a]\nvalues = [1]", "a list of texts"},
      {"[[requests]]\nname = \"a\"", "needs a \"path\""},
      {"[headers]\nx = 1", "must be a text"},
      {"connections = ", "not TOML"},
  };
  for (const Bad& bad : kBad) {
    const Result<Scenario> read = ParseScenario(bad.text, "x.toml");
    ASSERT_FALSE(read.has_value()) << bad.text;
    EXPECT_THAT(read.error().ToString(), HasSubstr(bad.told)) << bad.text;
  }
}

TEST(ScenarioTest, AFileThatIsNotThereIsAnError) { EXPECT_FALSE(ReadScenario("/nowhere/x.toml").has_value()); }

}  // namespace
}  // namespace pando::bench
