// Exchanges that do not run through: deadlines, cancellation, broken connections.
#include "integration/pg_fixture.h"

namespace pando::pg {
namespace {

using Answer = Result<std::vector<Rows>>;
using std::chrono::milliseconds;

class PgCancelTest : public PgTest {
 protected:
  // Runs the loop until the server executes something of `connection`.
  void RunUntilBusy(const Connection& connection) {
    const std::string asked = "select count(*) from pg_stat_activity where state = 'active' and pid = " +
                              std::to_string(connection.backend_pid());
    RunUntil([&] { return Ask(asked) == "1"; });
  }

  static Exchange Sleep(Finish finish = Finish::kCommit) { return Do({Sql("select pg_sleep(600)")}, finish); }
};

TEST_F(PgCancelTest, StopsAStatementWhoseDeadlinePasses) {
  auto connection = Connect();

  for (Finish finish : {Finish::kCommit, Finish::kRollback, Finish::kHold}) {
    EXPECT_THAT(Run(*connection, Sleep(finish), Deadline::After(milliseconds(30))),
                FailsWith(ErrorId::kRequestDeadline));
    EXPECT_TRUE(connection->usable());
    EXPECT_EQ(Value(*connection, "select 1"), "1");
  }
}

TEST_F(PgCancelTest, SendsNothingAfterTheDeadline) {
  Prepare("create table t (a int)");
  auto connection = Connect();

  EXPECT_THAT(Run(*connection, Do({Sql("insert into t values (1)")}), Deadline::After(milliseconds(0))),
              FailsWith(ErrorId::kRequestDeadline));
  EXPECT_EQ(Value(*connection, "select count(*) from t"), "0");
}

TEST_F(PgCancelTest, StopsAStatementWhoseCoroutineIsCancelled) {
  auto connection = Connect();

  for (Finish finish : {Finish::kCommit, Finish::kRollback, Finish::kHold}) {
    Spawned<Answer> running(loop_, connection->Run(Sleep(finish), Deadline::Never()));
    RunUntilBusy(*connection);
    running.Cancel();

    EXPECT_THAT(running.Await(loop_), FailsWith(ErrorId::kRequestCancelled));
    EXPECT_TRUE(connection->usable());
    EXPECT_EQ(Value(*connection, "select 1"), "1");
  }
}

TEST_F(PgCancelTest, HitsNoLaterStatement) {
  auto connection = Connect();
  Prepare("create table t (a int)");

  // Deadlines on both sides of what the statement takes: some cancel requests come too late.
  for (int i = 0; i < 60; ++i) {
    const auto deadline = Deadline::After(std::chrono::microseconds(50 * i));
    Answer first = Run(*connection, Do({Sql("insert into t select 1 from pg_sleep(0.0015)")}), deadline);
    if (!first) {
      ASSERT_THAT(first, FailsWith(ErrorId::kRequestDeadline));
    }
    ASSERT_TRUE(connection->usable());
    ASSERT_EQ(Value(*connection, "select 1 from pg_sleep(0.001)"), "1");
  }
}

TEST_F(PgCancelTest, ReportsTheTruthAboutACommitThatWasFasterThanItsDeadline) {
  auto connection = Connect();
  Prepare("create table t (a int)");
  int acknowledged = 0;

  for (int i = 0; i < 60; ++i) {
    const auto deadline = Deadline::After(std::chrono::microseconds(40 * i));
    if (Run(*connection, Do({Sql("insert into t select 1 from pg_sleep(0.001)")}), deadline)) ++acknowledged;
  }

  EXPECT_EQ(Ask("select count(*) from t"), std::to_string(acknowledged));
}

TEST_F(PgCancelTest, GivesUpAConnectionWhoseStatementDoesNotStop) {
  Prepare(R"(create function stubborn() returns void language plpgsql as $$
    begin loop begin perform pg_sleep(600); exception when query_canceled then null; end; end loop; end $$)");
  auto connection = Connect();
  const std::string pid = std::to_string(connection->backend_pid());

  EXPECT_THAT(Run(*connection, Do({Sql("select stubborn()")}), Deadline::After(milliseconds(30))),
              FailsWith(ErrorId::kRequestDeadline));

  EXPECT_FALSE(connection->usable());
  EXPECT_THAT(Run(*connection, Do({Sql("select 1")})), FailsWith(ErrorId::kDatabaseConnectionLost));
  Prepare("select pg_terminate_backend(" + pid + ")");
}

TEST_F(PgCancelTest, StopsAnEndAndAScriptAsWell) {
  Prepare(R"(create table t (a int);
    create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(600); return null; end $$;
    create constraint trigger late after insert on t initially deferred for each row execute function slow())");
  auto connection = Connect();
  ASSERT_TRUE(Run(*connection, Do({Sql("insert into t values (1)")}, Finish::kHold)));

  EXPECT_THAT(loop_.Run(connection->End(true, Deadline::After(milliseconds(30)))),
              FailsWith(ErrorId::kRequestDeadline));
  EXPECT_TRUE(connection->usable());
  EXPECT_EQ(Ask("select count(*) from t"), "0");

  EXPECT_THAT(loop_.Run(connection->RunScript("begin; select pg_sleep(600)", Deadline::After(milliseconds(30)))),
              FailsWith(ErrorId::kRequestDeadline));
  EXPECT_TRUE(connection->usable());
  EXPECT_EQ(Value(*connection, "select 1"), "1");
}

TEST_F(PgCancelTest, ReportsATerminationWithItsSqlstateAndGivesTheConnectionUp) {
  auto connection = Connect();
  Spawned<Answer> running(loop_, connection->Run(Sleep(), InTime()));
  RunUntilBusy(*connection);
  Prepare("select pg_terminate_backend(" + std::to_string(connection->backend_pid()) + ")");

  EXPECT_THAT(running.Await(loop_), RefusedWith("57P01"));
  EXPECT_FALSE(connection->usable());
  EXPECT_FALSE(connection->alive());
}

TEST_F(PgCancelTest, NoticesThatAnIdleConnectionWasClosed) {
  auto connection = Connect();
  EXPECT_TRUE(connection->alive());

  Prepare("select pg_terminate_backend(" + std::to_string(connection->backend_pid()) + ")");

  RunUntil([&] { return !connection->alive(); });
  EXPECT_FALSE(Run(*connection, Do({Sql("select 1")})));
  EXPECT_FALSE(connection->usable());
}

TEST_F(PgCancelTest, LosesTheConnectionWhenTheServerCrashes) {
  auto connection = Connect();
  Spawned<Answer> running(loop_, connection->Run(Sleep(), InTime()));
  RunUntilBusy(*connection);

  server().Restart();

  Answer& answer = running.Await(loop_);
  ASSERT_FALSE(answer);
  EXPECT_FALSE(connection->usable());
}

}  // namespace
}  // namespace pando::pg
