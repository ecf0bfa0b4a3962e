// What a connection does for a pooler that lends transactions, seen on PostgreSQL itself: nothing of an exchange may be
// left behind. With a real pooler it is seen in test/system/pooler_test.py.
#include "integration/pg_fixture.h"

namespace pando::pg {
namespace {

class PgPoolerTest : public PgTest {
 protected:
  std::unique_ptr<Connection> ConnectThrough(Pooler pooler) {
    ConnectOptions options;
    options.pooler = pooler;
    return Connect(std::move(options));
  }

  // What another client of the pooler would find, asked outside of any preparation of ours.
  std::string Left(Connection& connection) {
    const std::string pid = std::to_string(connection.backend_pid());
    return Ask("select count(*) from pg_locks where locktype = 'advisory' and pid = " + pid);
  }
};

const char* const kState =
    "select current_user || ' ' || current_setting('statement_timeout') || ' ' || current_setting('search_path') || ' "
    "' ||"
    " current_setting('DateStyle') || ' ' || coalesce(nullif(current_setting('app.left', true), ''), '-') || ' ' ||"
    " (select count(*) from pg_prepared_statements) || ' ' ||"
    " (select count(*) from pg_class where relpersistence = 't' and relkind = 'r')";

TEST_F(PgPoolerTest, EverythingThatAnExchangeNeedsEndsWithItsTransaction) {
  auto connection = ConnectThrough(Pooler::kTransaction);
  SessionState wanted{"pg_monitor", "pg_catalog"};
  wanted.statement_timeout = milliseconds(4711);
  wanted.settings = std::make_shared<const SessionSettings>(SessionSettings{{"work_mem", "1MB"}});

  for (const Finish finish : {Finish::kCommit, Finish::kRollback}) {
    const auto rows = Run(*connection, Do({Sql(kState), Sql("select current_setting('work_mem')")}, finish, wanted));

    ASSERT_TRUE(rows) << rows.error().ToString();
    EXPECT_EQ(rows->at(0).Text(0, 0), "pg_monitor 4711ms pg_catalog ISO, MDY - 0 0");
    EXPECT_EQ(rows->at(1).Text(0, 0), "1MB");
    EXPECT_EQ(connection->session(), SessionState{});
  }
  EXPECT_EQ(Value(*connection, std::string(kState) + " || ' ' || current_setting('work_mem')"),
            "postgres 0 \"$user\", public ISO, MDY - 0 0 4MB");
}

TEST_F(PgPoolerTest, TheNextExchangeDoesNotRunAsWhomTheServerWasLeft) {
  auto connection = ConnectThrough(Pooler::kTransaction);
  ASSERT_TRUE(loop_.Run(
      connection->RunScript("set role pg_monitor; set statement_timeout = 1; set datestyle = german", InTime())));

  EXPECT_EQ(Value(*connection, "select current_user || ' ' || current_setting('DateStyle') from pg_sleep(0.05)"),
            "postgres ISO, DMY");
}

TEST_F(PgPoolerTest, PlansOfFunctionsDoNotOutliveAMembership) {
  Prepare(
      "create role staff_of_pooler; create role member_of_pooler in role staff_of_pooler;"
      "create table secrets (body text); insert into secrets values ('secret'); alter table secrets enable row level "
      "security;"
      "create policy p on secrets to staff_of_pooler using (true); grant select on secrets to member_of_pooler;"
      "create function peek() returns text language plpgsql as $$ begin return (select body from secrets); end $$;"
      "create function peek_and_fail() returns text language plpgsql as $$ begin raise '%', (select body from "
      "secrets); end $$");
  auto connection = ConnectThrough(Pooler::kTransaction);
  const SessionState member{"member_of_pooler", "public"};
  const auto peek = [&](Finish finish) {
    const auto rows = Run(*connection, Do({Sql("select coalesce(peek(), 'nothing')")}, finish, member));
    EXPECT_TRUE(rows) << rows.error().ToString();
    return std::string(rows->at(0).Text(0, 0));
  };
  const auto peek_and_fail = [&] {
    const auto rows = Run(*connection, Do({Sql("select peek_and_fail()")}, Finish::kCommit, member));
    EXPECT_FALSE(rows);
    return rows.error().ToString();
  };
  EXPECT_EQ(peek(Finish::kCommit), "secret");
  EXPECT_THAT(peek_and_fail(), testing::HasSubstr("secret"));

  Prepare("revoke staff_of_pooler from member_of_pooler");

  EXPECT_EQ(peek(Finish::kCommit), "nothing");
  EXPECT_EQ(peek(Finish::kRollback), "nothing");
  EXPECT_THAT(peek_and_fail(), testing::Not(testing::HasSubstr("secret")));
}

TEST_F(PgPoolerTest, TracesAreRemovedWithinTheTransaction) {
  auto connection = ConnectThrough(Pooler::kTransaction);
  Prepare(
      "create function leave(fails boolean) returns text language plpgsql as $$ begin"
      " perform set_config('role', 'pg_read_all_data', false), set_config('app.left', 'x', false);"
      " perform pg_advisory_lock(4711); create temp table of_one_caller (a int); listen somewhere;"
      " if fails then raise 'failed'; end if; return 'left'; end $$");
  const SessionState wanted{"pg_monitor", "public"};

  for (const Finish finish : {Finish::kCommit, Finish::kRollback, Finish::kHold}) {
    for (const char* fails : {"false", "true"}) {
      Exchange exchange = Do({Sql("select public.leave($1)", {fails})}, finish, wanted);
      exchange.leaves_traces = true;
      const auto rows = Run(*connection, exchange);

      EXPECT_EQ(rows.has_value(), std::string_view(fails) == "false");
      if (rows && finish == Finish::kHold) ASSERT_TRUE(loop_.Run(connection->End(true, InTime())));
      EXPECT_EQ(Left(*connection), "0") << "locks outlive a transaction that failed";
      EXPECT_EQ(Value(*connection, kState), "postgres 0 \"$user\", public ISO, MDY - 0 0");
      EXPECT_EQ(Value(*connection, "select count(*) from pg_listening_channels()"), "0");
    }
  }
}

TEST_F(PgPoolerTest, AnIsolationLevelComesBeforeTheSettings) {
  auto connection = ConnectThrough(Pooler::kTransaction);
  Exchange exchange = Do({Sql("select current_setting('transaction_isolation')")});
  exchange.isolation = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE";

  const auto rows = Run(*connection, exchange);

  ASSERT_TRUE(rows) << rows.error().ToString();
  EXPECT_EQ(rows->at(0).Text(0, 0), "serializable");
}

TEST_F(PgPoolerTest, ASessionThatIsLentStaysAsItWasSet) {
  auto connection = ConnectThrough(Pooler::kSession);
  const SessionState wanted{"pg_monitor", "public"};
  ASSERT_TRUE(Run(*connection, Do({Sql("select 1")}, Finish::kCommit, wanted)));
  EXPECT_EQ(connection->session(), wanted);
  EXPECT_GT(connection->statements_prepared(), 0u);

  ASSERT_TRUE(loop_.Run(connection->Clean(InTime())));

  EXPECT_EQ(Value(*connection, "select current_setting('client_min_messages')"), "error") << "DISCARD ALL took it away";
}

}  // namespace
}  // namespace pando::pg
