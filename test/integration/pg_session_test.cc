// Session state and prepared statements: what a connection keeps between exchanges.
#include "integration/pg_fixture.h"
#include "net/sleep.h"

namespace pando::pg {
namespace {

const SessionState kAlice{"test_alice", "\"api\", \"public\""};

class PgSessionTest : public PgTest {
 protected:
  PgSessionTest() {
    Prepare(
        "do $$ begin create role test_alice; exception when duplicate_object then null; end $$;"
        "create schema api; grant usage on schema api to public; create table api.t (a int primary key);"
        "grant all on api.t to test_alice; create table audit (who text); grant all on audit to public");
  }

  static std::string Who() { return "select current_user || ' ' || current_setting('search_path')"; }

  // What the server has prepared, by its own account.
  int PreparedOnServer(Connection& connection) {
    Exchange exchange = Do({Command{"select count(*) from pg_prepared_statements", {}, false}});
    return std::stoi(std::string(Run(connection, exchange)->at(0).Text(0, 0)));
  }
};

TEST_F(PgSessionTest, SwitchesInTheSameExchangeAndStaysSwitched) {
  auto connection = Connect();

  auto rows = Run(*connection, Do({Sql(Who())}, Finish::kCommit, kAlice));

  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->at(0).Text(0, 0), "test_alice \"api\", \"public\"");
  EXPECT_EQ(connection->session(), kAlice);
  EXPECT_EQ(Value(*connection, Who()), "test_alice \"api\", \"public\"");
}

TEST_F(PgSessionTest, SwitchesBackToHowTheConnectionStarted) {
  auto connection = Connect();
  ASSERT_TRUE(Run(*connection, Do({}, Finish::kCommit, kAlice)));

  auto rows = Run(*connection, Do({Sql(Who())}, Finish::kCommit, SessionState{}));

  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->at(0).Text(0, 0), "postgres \"$user\", public");
  EXPECT_EQ(connection->session(), SessionState{});
}

TEST_F(PgSessionTest, NeverRunsACommandUnderTheWrongRole) {
  auto connection = Connect();
  const Exchange attempt =
      Do({Sql("insert into audit values (current_user)")}, Finish::kCommit, SessionState{"no_such_role", ""});

  for (Finish finish : {Finish::kCommit, Finish::kRollback, Finish::kHold}) {
    Exchange exchange = attempt;
    exchange.finish = finish;
    EXPECT_THAT(Run(*connection, exchange), RefusedWith("22023"));
    EXPECT_EQ(connection->session(), SessionState{});
    EXPECT_TRUE(connection->usable());
  }
  EXPECT_EQ(Ask("select count(*) from audit"), "0");
  EXPECT_EQ(Value(*connection, "select current_user"), "postgres");
}

TEST_F(PgSessionTest, TakesNoTextForARoleThatItDoesNotName) {
  auto connection = Connect();
  const std::string longest(63, 'a');
  Prepare("create role " + longest);
  ASSERT_TRUE(Run(*connection, Do({}, Finish::kCommit, kAlice)));

  // No name, the login role's other name, and what PostgreSQL would cut down to a role that exists.
  for (const std::string& role : {std::string(), std::string("none"), longest + "a", std::string("test_alice\0", 11)}) {
    const SessionState session{role, ""};
    EXPECT_THAT(Run(*connection, Do({Sql("insert into audit values (current_user)")}, Finish::kCommit, session)),
                RefusedWith("22023"))
        << role;
  }
  EXPECT_EQ(connection->session(), kAlice);
  EXPECT_EQ(Ask("select count(*) from audit"), "0");
  Prepare("drop role " + longest);
}

TEST_F(PgSessionTest, TakesTheSwitchBackWhenACommandFails) {
  auto connection = Connect();

  EXPECT_THAT(Run(*connection, Do({Sql("select 1/0")}, Finish::kCommit, kAlice)), RefusedWith("22012"));
  EXPECT_EQ(connection->session(), SessionState{});
  EXPECT_EQ(Value(*connection, Who()), "postgres \"$user\", public");
}

TEST_F(PgSessionTest, TakesTheSwitchBackWithARollback) {
  auto connection = Connect();

  auto rows = Run(*connection, Do({Sql(Who())}, Finish::kRollback, kAlice));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->at(0).Text(0, 0), "test_alice \"api\", \"public\"");
  EXPECT_EQ(connection->session(), SessionState{});
  EXPECT_EQ(Value(*connection, Who()), "postgres \"$user\", public");

  ASSERT_TRUE(Run(*connection, Do({Sql(Who())}, Finish::kHold, kAlice)));
  ASSERT_TRUE(loop_.Run(connection->End(false, InTime())));
  EXPECT_EQ(connection->session(), SessionState{});
  EXPECT_EQ(Value(*connection, Who()), "postgres \"$user\", public");
}

SessionState WithSettings(std::string role, SessionSettings settings) {
  return SessionState{std::move(role), "", milliseconds(0),
                      std::make_shared<const SessionSettings>(std::move(settings))};
}

TEST_F(PgSessionTest, SettingsComeWithTheRoleAndGoWithIt) {
  auto connection = Connect();
  const auto seen = [&](std::optional<SessionState> session) {
    auto rows = Run(*connection, Do({Sql("select current_user || ' ' || current_setting('work_mem') || ' ' || "
                                         "current_setting('lock_timeout')")},
                                    Finish::kCommit, std::move(session)));
    return rows ? std::string(rows->at(0).Text(0, 0)) : rows.error().ToString();
  };
  const SessionState limited = WithSettings("test_alice", {{"work_mem", "5MB"}, {"lock_timeout", "70ms"}});

  EXPECT_EQ(seen(limited), "test_alice 5MB 70ms");
  EXPECT_EQ(connection->session(), limited);
  EXPECT_EQ(seen(SessionState{"test_alice", ""}), "test_alice 4MB 0");
  EXPECT_EQ(seen(limited), "test_alice 5MB 70ms");
  EXPECT_EQ(seen(WithSettings("test_alice", {{"work_mem", "6MB"}})), "test_alice 6MB 0");
  EXPECT_EQ(seen(SessionState{}), "postgres 4MB 0");
  EXPECT_EQ(seen(limited), "test_alice 5MB 70ms");
  EXPECT_EQ(seen(std::nullopt), "test_alice 4MB 0");
  EXPECT_EQ(seen(limited), "test_alice 5MB 70ms");
  EXPECT_EQ(seen(WithSettings("test_alice", {{"work_mem", "5MB"}, {"lock_timeout", "70ms"}})), "test_alice 5MB 70ms");
}

// The limit of whoever had the connection before is in force until the switch has been made, and a server process that
// does not get its turn meanwhile runs into it. Here it waits for a lock that the check of a setting takes.
TEST_F(PgSessionTest, TheLimitOfTheSessionBeforeStopsNothingOfTheNext) {
  auto connection = Connect();
  SessionState hasty{"test_alice", ""};
  const milliseconds limit(50);
  hasty.statement_timeout = limit;
  ASSERT_TRUE(Run(*connection, Do({}, Finish::kCommit, hasty)));
  auto locking = Connect();
  ASSERT_TRUE(Run(*locking, Do({Sql("lock table pg_catalog.pg_ts_config in access exclusive mode")}, Finish::kHold)));

  const SessionState patient = WithSettings("test_alice", {{"default_text_search_config", "pg_catalog.simple"}});
  Spawned<Result<std::vector<Rows>>> asked(loop_,
                                           connection->Run(Do({Sql("select 1")}, Finish::kCommit, patient), InTime()));
  const std::string waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and pid = " +
                            std::to_string(connection->backend_pid());
  RunUntil([&] { return Ask(waits) == "1"; });
  // By the end of this the limit would have stopped it.
  ASSERT_TRUE(loop_.Run(net::SleepFor(2 * limit)));
  EXPECT_FALSE(asked.ended());
  ASSERT_TRUE(loop_.Run(locking->End(true, InTime())));

  const Result<std::vector<Rows>>& rows = asked.Await(loop_);
  ASSERT_TRUE(rows) << rows.error().ToString();
  EXPECT_EQ(rows->at(0).Text(0, 0), "1");
  EXPECT_EQ(connection->session(), patient);
}

TEST_F(PgSessionTest, ASettingThatIsRefusedTakesTheSwitchBack) {
  auto connection = Connect();
  const SessionState limited = WithSettings("test_alice", {{"work_mem", "5MB"}});
  ASSERT_TRUE(Run(*connection, Do({}, Finish::kCommit, limited)));

  EXPECT_THAT(Run(*connection, Do({}, Finish::kCommit, WithSettings("", {{"work_mem", "lots"}}))),
              RefusedWith("22023"));
  EXPECT_EQ(connection->session(), limited);
  EXPECT_EQ(Value(*connection, "select current_user"), "test_alice");
  ASSERT_TRUE(Run(*connection, Do({}, Finish::kCommit, limited)));
  EXPECT_EQ(Value(*connection, "select current_setting('work_mem')"), "4MB");  // names no session
}

TEST_F(PgSessionTest, KeepsTheSwitchOfAHeldTransactionThatCommits) {
  auto connection = Connect();
  ASSERT_TRUE(Run(*connection, Do({}, Finish::kHold, kAlice)));
  EXPECT_EQ(connection->session(), SessionState{});
  ASSERT_TRUE(loop_.Run(connection->End(true, InTime())));

  EXPECT_EQ(connection->session(), kAlice);
  EXPECT_EQ(Value(*connection, Who()), "test_alice \"api\", \"public\"");
}

TEST_F(PgSessionTest, DoesNotLeakLocalSettingsIntoTheNextExchange) {
  auto connection = Connect();

  auto rows =
      Run(*connection, Do({Sql("select set_config('request.jwt.claims', $1, true), set_config('role', $2, true)",
                               {"{\"sub\":1}", "test_alice"}),
                           Sql("select current_setting('request.jwt.claims', true) || current_user")}));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->at(1).Text(0, 0), "{\"sub\":1}test_alice");

  EXPECT_EQ(Value(*connection, "select coalesce(current_setting('request.jwt.claims', true), '') || current_user"),
            "postgres");
}

TEST_F(PgSessionTest, CleansEverythingAFunctionMayHaveLeft) {
  auto connection = Connect();
  ASSERT_TRUE(Run(*connection, Do({Sql("select pg_advisory_lock(1)"), Sql("create temp table left_over ()")})));
  ASSERT_TRUE(Run(*connection, Do({Sql("select set_config('app.secret', 'x', false)")}, Finish::kCommit, kAlice)));

  ASSERT_TRUE(loop_.Run(connection->Clean(InTime())));

  EXPECT_EQ(connection->session(), SessionState{});
  EXPECT_EQ(connection->statements_prepared(), 0u);
  EXPECT_EQ(PreparedOnServer(*connection), 0);
  EXPECT_EQ(Value(*connection, "select coalesce(current_setting('app.secret', true), '') || current_user"), "postgres");
  EXPECT_EQ(Value(*connection, "select to_regclass('pg_temp.left_over')"), "NULL");
  EXPECT_EQ(Ask("select count(*) from pg_locks where locktype = 'advisory'"), "0");
}

TEST_F(PgSessionTest, PreparesAStatementOnceAndFindsItByItsText) {
  auto connection = Connect();

  for (int i = 0; i < 3; ++i) EXPECT_EQ(Value(*connection, "select $1::int + 1", {"41"}), "42");

  EXPECT_EQ(connection->statements_prepared(), 1u);
  EXPECT_EQ(PreparedOnServer(*connection), 1);
}

TEST_F(PgSessionTest, PreparesNothingWhenItIsNotAsked) {
  auto connection = Connect();
  ASSERT_TRUE(Run(*connection, Do({Command{"select 1", {}, false}})));

  EXPECT_EQ(connection->statements_prepared(), 0u);
}

TEST_F(PgSessionTest, PreparesOnceWhatAnExchangeHoldsTwice) {
  auto connection = Connect();

  auto rows = Run(*connection, Do({Sql("select $1::int", {"1"}), Sql("select $1::int", {"2"})}));

  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->at(1).Text(0, 0), "2");
  EXPECT_EQ(PreparedOnServer(*connection), 1);
}

TEST_F(PgSessionTest, RemembersNoStatementThatDidNotParse) {
  auto connection = Connect();

  EXPECT_THAT(Run(*connection, Do({Sql("select 1"), Sql("select from nowhere"), Sql("select 2")})),
              RefusedWith("42P01"));

  EXPECT_EQ(connection->statements_prepared(), 1u);
  EXPECT_EQ(PreparedOnServer(*connection), 1);
  EXPECT_EQ(Value(*connection, "select 2"), "2");
  EXPECT_EQ(Value(*connection, "select 1"), "1");
}

TEST_F(PgSessionTest, RemembersAStatementWhoseTransactionFailed) {
  auto connection = Connect();

  EXPECT_THAT(Run(*connection, Do({Sql("select 1"), Sql("select 1 / $1::int", {"0"}), Sql("select 3")})),
              RefusedWith("22012"));

  EXPECT_EQ(connection->statements_prepared(), 2u);
  EXPECT_EQ(PreparedOnServer(*connection), 2);
  EXPECT_EQ(Value(*connection, "select 1 / $1::int", {"1"}), "1");
  EXPECT_EQ(PreparedOnServer(*connection), 2);
}

TEST_F(PgSessionTest, DropsOnTheServerWhatItForgets) {
  auto connection = Connect(2);

  for (int i = 0; i < 5; ++i) EXPECT_EQ(Value(*connection, "select " + std::to_string(i)), std::to_string(i));

  EXPECT_EQ(connection->statements_prepared(), 2u);
  EXPECT_EQ(PreparedOnServer(*connection), 2);
}

TEST_F(PgSessionTest, WorksWithRoomForNoStatement) {
  auto connection = Connect(0);

  auto rows = Run(*connection, Do({Sql("select 1"), Sql("select 2"), Sql("select 1")}));

  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->at(2).Text(0, 0), "1");
  EXPECT_EQ(PreparedOnServer(*connection), 0);
}

TEST_F(PgSessionTest, PreparesAgainWhatSomebodyDeallocated) {
  auto connection = Connect();
  EXPECT_EQ(Value(*connection, "select 1"), "1");
  EXPECT_EQ(Value(*connection, "select 2"), "2");
  ASSERT_TRUE(Run(*connection, Do({Command{"deallocate all", {}, false}})));

  auto rows = Run(*connection, Do({Sql("select 1"), Sql("select 2")}));

  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), 2u);
  EXPECT_EQ(PreparedOnServer(*connection), 2);
}

TEST_F(PgSessionTest, PreparesAgainWhenTheResultTypeChanged) {
  for (Finish finish : {Finish::kCommit, Finish::kRollback, Finish::kHold}) {
    auto connection = Connect();
    Prepare("drop table if exists c; create table c (a int); insert into c values (1)");
    ASSERT_TRUE(Run(*connection, Do({Sql("select * from c")})));
    Prepare("alter table c add b text default 'new'");

    auto rows = Run(*connection, Do({Sql("insert into audit values ('x')"), Sql("select * from c")}, finish));

    ASSERT_TRUE(rows) << rows.error().ToString();
    ASSERT_EQ(rows->size(), 2u);
    EXPECT_EQ(rows->at(1).Text(0, 1), "new");
    if (finish == Finish::kHold) {
      ASSERT_TRUE(loop_.Run(connection->End(true, InTime())));
    }
    EXPECT_EQ(PreparedOnServer(*connection), 2);
  }
  EXPECT_EQ(Ask("select count(*) from audit"), "2");
}

}  // namespace
}  // namespace pando::pg
