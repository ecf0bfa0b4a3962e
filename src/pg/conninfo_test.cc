#include "pg/conninfo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace pando::pg {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ConninfoTest : public testing::Test {
 protected:
  ~ConninfoTest() override { unsetenv("PGOPTIONS"); }

  static Conninfo Parse(const std::string& uri) { return *Conninfo::Parse(uri); }
};

TEST_F(ConninfoTest, ReadsUrisPairsAndBareNames) {
  EXPECT_EQ(Parse("postgres://u@h:5433/d").Get("host"), "h");
  EXPECT_EQ(Parse("host=h port=5433").Get("port"), "5433");
  EXPECT_EQ(Parse("mydb").Get("host"), "");
}

TEST_F(ConninfoTest, RefusesNonsenseWithoutRepeatingThePassword) {
  Result<Conninfo> parsed = Conninfo::Parse("postgres://user:sec%ret@host:port:port/db");

  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().id(), ErrorId::kConfigInvalid);
  EXPECT_THAT(parsed.error().ToString(), Not(HasSubstr("ret@")));
}

TEST_F(ConninfoTest, TakesOptionsFromTheEnvironmentUnlessTheStringHasThem) {
  setenv("PGOPTIONS", "-c search_path=public,test", 1);

  EXPECT_EQ(Parse("postgres:///d").Get("options"), "-c search_path=public,test");
  EXPECT_EQ(Parse("postgres:///d?options=-c%20geqo%3Doff").Get("options"), "-c geqo=off");
}

TEST_F(ConninfoTest, ListsHostsInStep) {
  std::vector<Host> hosts = *HostsOf(Parse("postgres://a:1,b:2/d"));

  ASSERT_EQ(hosts.size(), 2u);
  EXPECT_EQ(hosts[0].name, "a");
  EXPECT_EQ(hosts[1].port, "2");
}

TEST_F(ConninfoTest, OnePortIsThatOfAllHosts) {
  const std::vector<Host> hosts = *HostsOf(Parse("host=a,b port=7"));

  ASSERT_EQ(hosts.size(), 2u);
  EXPECT_EQ(hosts[0].port, "7");
  EXPECT_EQ(hosts[1].port, "7");
}

TEST_F(ConninfoTest, PairsAddressesWithNames) {
  const std::vector<Host> hosts = *HostsOf(Parse("host=a,b hostaddr=10.0.0.1,10.0.0.2"));

  ASSERT_EQ(hosts.size(), 2u);
  EXPECT_EQ(hosts[1].name, "b");
  EXPECT_EQ(hosts[1].address, "10.0.0.2");
}

TEST_F(ConninfoTest, AnEmptyEntryOfAListIsTheFolderOfSockets) {
  const std::vector<Host> hosts = *HostsOf(Parse("host=,b"));

  ASSERT_EQ(hosts.size(), 2u);
  EXPECT_THAT(hosts[0].name, StartsWith("/"));
  EXPECT_EQ(HostsOf(Parse("dbname=d"))->front().name, "") << "libpq's own default";
}

TEST_F(ConninfoTest, RefusesListsThatDoNotFit) {
  for (const char* text : {"host=a,b port=1,2,3", "host=a port=1,2", "host=a,b hostaddr=10.0.0.1"}) {
    const auto hosts = HostsOf(Parse(text));
    ASSERT_FALSE(hosts) << text;
    EXPECT_EQ(hosts.error().id(), ErrorId::kConfigInvalid);
  }
}

TEST_F(ConninfoTest, TakesTwoTargetsOnly) {
  EXPECT_EQ(*TargetOf(Parse("host=a")), TargetSession::kAny);
  EXPECT_EQ(*TargetOf(Parse("host=a target_session_attrs=any")), TargetSession::kAny);
  EXPECT_EQ(*TargetOf(Parse("host=a target_session_attrs=read-write")), TargetSession::kReadWrite);
  for (const char* other : {"standby", "primary", "read-only", "prefer-standby", "nonsense"}) {
    const auto target = TargetOf(Parse(std::string("host=a target_session_attrs=") + other));
    ASSERT_FALSE(target) << other;
    EXPECT_EQ(target.error().id(), ErrorId::kConfigInvalid);
    EXPECT_THAT(target.error().hint().value_or(""), HasSubstr("read-write"));
  }
}

TEST_F(ConninfoTest, LooksUpNamesOnly) {
  EXPECT_TRUE(NeedsLookup(Host{"db.internal", "", "5432"}));
  EXPECT_FALSE(NeedsLookup(Host{"db.internal", "10.0.0.1", "5432"}));
  EXPECT_FALSE(NeedsLookup(Host{"10.0.0.1", "", "5432"}));
  EXPECT_FALSE(NeedsLookup(Host{"fe80::1%eth0", "", "5432"}));
  EXPECT_FALSE(NeedsLookup(Host{"/run/postgresql", "", "5432"}));
  EXPECT_FALSE(NeedsLookup(Host{"", "", "5432"}));
}

TEST(StartupOptions, KeepsWhatWasGivenAndLetsTheKnownSettingsWin) {
  const std::string options = StartupOptions("-c search_path=public,test -c DateStyle=German", {{"app.note", "a b\\"}});

  EXPECT_THAT(options, StartsWith("-c search_path=public,test -c DateStyle=German -c app.note=a\\ b\\\\ -c "));
  EXPECT_GT(options.rfind("DateStyle=ISO"), options.rfind("DateStyle=German"));
  EXPECT_THAT(options, EndsWith("-c client_min_messages=error"));
}

}  // namespace
}  // namespace pando::pg
