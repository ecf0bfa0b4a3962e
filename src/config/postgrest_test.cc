#include "config/postgrest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/registry.h"

namespace pando::config {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

// The part of the program's options that these tests look at.
struct ProgramOptions {
  std::string url = "embedded:data/postgres";
  uint32_t connections_max = 16;
  milliseconds acquire_timeout = seconds(10);
  std::string prefix = "/rest/v1";
  std::vector<std::string> schemas = {"public"};
  std::optional<uint32_t> max_rows;
  bool plan_enabled = false;
  std::map<std::string, std::string> app_settings;
  std::optional<std::string> anonymous_role = "anon";
  Secret jwt_secret;
  std::vector<std::string> listen = {"0.0.0.0:8080"};
  std::string admin = "127.0.0.1:8081";
  std::string level = "info";
};

template <class Visitor>
void Describe(Visitor& visit, ProgramOptions& o) {
  visit.Option("database.url", o.url, Reload::kRestart, "Where.");
  visit.Option("database.connections_max", o.connections_max, Range<uint32_t>{1, 1000}, Reload::kLive, "How many.");
  visit.Option("database.acquire_timeout", o.acquire_timeout, Range<milliseconds>{seconds(0), seconds(600)},
               Reload::kLive, "How long.");
  visit.Option("rest.prefix", o.prefix, Reload::kRestart, "Under.");
  visit.Option("rest.schemas", o.schemas, Reload::kLive, "Which.");
  visit.Option("rest.max_rows", o.max_rows, Range<uint32_t>{0, 1'000'000}, Reload::kLive, "How many.");
  visit.Option("rest.plan_enabled", o.plan_enabled, Reload::kLive, "Whether.");
  visit.Option("rest.app_settings", o.app_settings, Reload::kLive, "Settings.");
  visit.Option("auth.anonymous_role", o.anonymous_role, Reload::kLive, "Who.");
  visit.Option("auth.jwt_secret", o.jwt_secret, Reload::kLive, "By what.");
  visit.Option("http.listen", o.listen, Reload::kRestart, "Where.");
  visit.Option("admin.listen", o.admin, Reload::kRestart, "Where.");
  visit.Option("log.level", o.level, OneOf{{"debug", "info", "warn", "error", "off"}}, Reload::kLive, "What.");
}

class PostgrestTest : public testing::Test {
 protected:
  PostgrestTest() { registry_.Add(options_); }
  void Set(const std::string& name, const std::string& value) { sources_.environment.emplace_back(name, value); }
  void Load() {
    Result<LoadReport> report = registry_.Load(sources_);
    ASSERT_TRUE(report) << report.error().ToString();
    warnings_ = report->warnings;
  }
  std::string AddressFor(const std::string& host) {
    Sources sources;
    sources.environment = {{"PGRST_SERVER_HOST", host}, {"PGRST_SERVER_PORT", "4000"}};
    EXPECT_TRUE(registry_.Load(sources));
    return options_.listen.at(0);
  }

  ProgramOptions options_;
  Registry registry_;
  Sources sources_;
  std::vector<std::string> warnings_;
};

TEST_F(PostgrestTest, LeavesOurDefaultsWithoutItsVariables) {
  Load();

  EXPECT_EQ(options_.prefix, "/rest/v1");
  EXPECT_THAT(options_.listen, ElementsAre("0.0.0.0:8080"));
  EXPECT_EQ(options_.anonymous_role, "anon");
}

TEST_F(PostgrestTest, TakesItsDefaultsWhenAnyVariableIsSet) {
  Set("PGRST_DB_POOL", "5");
  Load();

  EXPECT_EQ(options_.connections_max, 5u);
  EXPECT_EQ(options_.prefix, "/");
  EXPECT_THAT(options_.listen, ElementsAre("0.0.0.0:3000"));
  EXPECT_EQ(options_.anonymous_role, std::nullopt);
  EXPECT_EQ(options_.url, "embedded:data/postgres");
  EXPECT_EQ(options_.admin, "127.0.0.1:8081");
}

TEST_F(PostgrestTest, TakesOverAWholeDeployment) {
  Set("PGRST_DB_URI", "postgres://authenticator:mysecretpassword@localhost:5432/app");
  Set("PGRST_DB_SCHEMAS", "api, private");
  Set("PGRST_DB_ANON_ROLE", "web_anon");
  Set("PGRST_DB_MAX_ROWS", "1000");
  Set("PGRST_DB_PLAN_ENABLED", "True");
  Set("PGRST_DB_POOL_ACQUISITION_TIMEOUT", "7");
  Set("PGRST_JWT_SECRET", "reallyreallyreallyreallyverysafe");
  Set("PGRST_LOG_LEVEL", "crit");
  Set("PGRST_SERVER_PORT", "3001");
  Set("PGRST_ADMIN_SERVER_PORT", "3002");
  Set("PGRST_APP_SETTINGS_EXTERNAL_API_SECRET", "0123");
  Load();

  EXPECT_EQ(options_.url, "postgres://authenticator:mysecretpassword@localhost:5432/app");
  EXPECT_THAT(options_.schemas, ElementsAre("api", "private"));
  EXPECT_EQ(options_.anonymous_role, "web_anon");
  EXPECT_EQ(options_.max_rows, 1000u);
  EXPECT_TRUE(options_.plan_enabled);
  EXPECT_EQ(options_.acquire_timeout, seconds(7));
  EXPECT_EQ(options_.jwt_secret.reveal(), "reallyreallyreallyreallyverysafe");
  EXPECT_EQ(options_.level, "error");
  EXPECT_THAT(options_.listen, ElementsAre("0.0.0.0:3001"));
  EXPECT_EQ(options_.admin, "0.0.0.0:3002");
  EXPECT_THAT(options_.app_settings, ElementsAre(Pair("external_api_secret", "0123")));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(PostgrestTest, CountsAnEmptyVariableAsUnset) {
  Set("PGRST_DB_ANON_ROLE", "");
  Load();

  EXPECT_EQ(options_.anonymous_role, "anon");
  EXPECT_EQ(options_.prefix, "/rest/v1");
}

TEST_F(PostgrestTest, LetsOurVariablesWinOverItsOwn) {
  Set("PGRST_DB_SCHEMAS", "theirs");
  Set("PANDO_REST_SCHEMAS", "ours");
  Load();

  EXPECT_THAT(options_.schemas, ElementsAre("ours"));
}

TEST_F(PostgrestTest, PrefersTheNewerOfTwoNames) {
  Set("PGRST_DB_SCHEMAS", "newer");
  Set("PGRST_DB_SCHEMA", "older");
  Load();

  EXPECT_THAT(options_.schemas, ElementsAre("newer"));
}

TEST_F(PostgrestTest, UnderstandsTheSpecialHosts) {
  for (const char* host : {"!4", "*4", "*"}) EXPECT_EQ(AddressFor(host), "0.0.0.0:4000") << host;
  for (const char* host : {"!6", "*6"}) EXPECT_EQ(AddressFor(host), "[::]:4000") << host;
  EXPECT_EQ(AddressFor("localhost"), "localhost:4000");
  EXPECT_EQ(AddressFor("::1"), "[::1]:4000");
  EXPECT_EQ(AddressFor("[::1]"), "[::1]:4000");
}

TEST_F(PostgrestTest, WarnsOfVariablesThatHaveNoEffect) {
  Set("PGRST_RAW_MEDIA_TYPES", "image/png");
  Set("PGRST_DB_TX_END", "rollback");  // a known alias, whose option this program does not have
  Load();

  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("PGRST_DB_TX_END, PGRST_RAW_MEDIA_TYPES"));
}

TEST_F(PostgrestTest, NamesTheVariableWhoseValueIsWrong) {
  Set("PGRST_DB_POOL", "many");

  const Result<LoadReport> report = registry_.Load(sources_);

  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().ToString(), HasSubstr("database.connections_max cannot be \"many\" (PGRST_DB_POOL)"));
}

TEST_F(PostgrestTest, TakesSettingsInTheDatabaseOverVariables) {
  Set("PGRST_DB_SCHEMAS", "environment");
  sources_.database_settings = {{"db_schemas", "database"}, {"app.settings.colour", "red"}};
  Load();

  EXPECT_THAT(options_.schemas, ElementsAre("database"));
  EXPECT_THAT(options_.app_settings, ElementsAre(Pair("colour", "red")));
}

TEST_F(PostgrestTest, IgnoresSettingsInTheDatabaseThatDoNotBelongThere) {
  sources_.database_settings = {{"db_uri", "postgres://elsewhere/"}, {"nonsense", "1"}};
  Load();

  EXPECT_EQ(options_.url, "embedded:data/postgres");
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("pgrst.db_uri, pgrst.nonsense")));
}

}  // namespace
}  // namespace pando::config
