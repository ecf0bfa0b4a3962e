#include "serve/role_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/snapshot.h"

namespace pando::serve {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(ParseTimeoutTest, ReadsWhatPostgresReads) {
  const auto reads = [](const char* text, int64_t count) {
    EXPECT_EQ(ParseTimeout(text), milliseconds(count)) << text;
  };
  reads("0", 0);
  reads("250", 250);
  reads("3s", 3000);
  reads(" 3 s ", 3000);
  reads("1.5min", 90'000);
  reads("2h", 7'200'000);
  reads("1d", 86'400'000);
  reads("1500us", 2);
  reads("10us", 1);
  for (const char* text : {"", "s", "3 S", "-1", "3 weeks", "1e3", "100d", "three"}) {
    EXPECT_EQ(ParseTimeout(text), std::nullopt) << text;
  }
}

TEST(RoleSettingsTest, WithoutAnyTheLimitIsThatOfTheLoginRole) {
  catalog::Snapshot schema;
  schema.statement_timeout = milliseconds(700);
  const RoleSettings settings = RoleSettingsOf(schema, "anon");
  EXPECT_EQ(settings.statement_timeout, milliseconds(700));
  EXPECT_EQ(settings.kept, nullptr);
  EXPECT_FALSE(settings.has_others);
}

TEST(RoleSettingsTest, LimitsAndCostsStayWithTheConnection) {
  catalog::Snapshot schema;
  schema.statement_timeout = milliseconds(700);
  schema.role_settings["anon"] = {
      {"enable_seqscan", "off"}, {"statement_timeout", "3s"}, {"work_mem", "1MB"}, {"work_mem", "2MB"}};
  const RoleSettings settings = RoleSettingsOf(schema, "anon");
  EXPECT_EQ(settings.statement_timeout, milliseconds(3000));
  ASSERT_NE(settings.kept, nullptr);
  EXPECT_THAT(*settings.kept, ElementsAre(Pair("enable_seqscan", "off"), Pair("work_mem", "2MB")));
  EXPECT_FALSE(settings.has_others);
}

TEST(RoleSettingsTest, WhatMayChangeAnAnswerIsForOneTransaction) {
  for (const char* name : {"search_path", "role", "TimeZone", "DateStyle", "default_transaction_isolation",
                           "row_security", "transaction_read_only", "extra_float_digits", "request.jwt.claims"}) {
    catalog::Snapshot schema;
    schema.role_settings["anon"] = {{name, "x"}};
    EXPECT_TRUE(RoleSettingsOf(schema, "anon").has_others) << name;
    EXPECT_EQ(RoleSettingsOf(schema, "anon").kept, nullptr) << name;
  }
}

}  // namespace
}  // namespace pando::serve
