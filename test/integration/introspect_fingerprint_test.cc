// The fingerprint of the schema, where the snapshot of a standby does not tell that a transaction has ended.
#include "introspect/fingerprint.h"

#include <memory>

#include "integration/pg_fixture.h"

namespace pando::introspect {
namespace {

using test::TestPostgres;

TEST(FingerprintTest, ShowsWhatAStandbyHasReplayedWhileAnOlderTransactionIsOpen) {
  test::TestLoop loop;
  TestPostgres primary;
  primary.Execute("postgres", "create table items (id int primary key); create table counts (n int)");
  const std::unique_ptr<TestPostgres> standby = TestPostgres::StandbyOf(primary);
  const auto open = [&](const std::string& uri) {
    pg::ConnectOptions options;
    options.uri = uri;
    auto connection = loop.Run(pg::Connection::Open(std::move(options), pg::InTime()));
    EXPECT_TRUE(connection) << connection.error().ToString();
    return std::move(*connection);
  };
  const auto older = open(primary.uri()), changes = open(primary.uri()), watches = open(standby->uri());
  const auto begin = [&](pg::Connection& connection, const std::string& statement) {
    const auto done = loop.Run(connection.Run(pg::Do({pg::Sql(statement)}, pg::Finish::kHold), pg::InTime()));
    EXPECT_TRUE(done) << done.error().ToString();
  };
  const auto await_one_in = [&](const std::string& table) {
    const Deadline deadline = pg::InTime();
    while (standby->Query("postgres", "select count(*) from " + table) != "1") ASSERT_FALSE(deadline.passed());
  };
  begin(*older, "insert into counts values (1)");
  begin(*changes, "create policy p on items using (true)");
  primary.Execute("postgres", "insert into counts values (2)");
  await_one_in("counts");
  const auto before = loop.Run(QueryFingerprint(*watches, Fingerprint(), pg::InTime()));
  ASSERT_TRUE(before) << before.error().ToString();

  ASSERT_TRUE(loop.Run(changes->End(true, pg::InTime())));
  await_one_in("pg_policy");
  const auto after = loop.Run(QueryFingerprint(*watches, *before, pg::InTime()));

  ASSERT_TRUE(after) << after.error().ToString();
  EXPECT_EQ(after->seen_by, before->seen_by);
  EXPECT_NE(after->text, before->text);
}

}  // namespace
}  // namespace pando::introspect
