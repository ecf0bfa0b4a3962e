#include <thread>
#include <vector>

#include "integration/pg_fixture.h"

namespace pando::pg {
namespace {

using std::chrono::milliseconds;

// What writes gets a bounded part of a pool, and goes on to its end when its caller leaves.
class PgWriteTest : public PgTest {
 protected:
  void Start(uint32_t connections_max) {
    PoolOptions options;
    options.connect.uri = uri();
    options.connections_max = connections_max;
    pool_.emplace(loop_.executor(), std::move(options));
  }

  Spawned<Result<Lease>> AcquireLater(Purpose purpose) {
    SessionState initial;
    Spawned<Result<Lease>> waiter(loop_, pool_->Acquire(InTime(), std::move(initial), purpose));
    loop_.Poll();
    return waiter;
  }
  Lease AcquireNow(Purpose purpose) {
    SessionState initial;
    return std::move(*loop_.Run(pool_->Acquire(InTime(), std::move(initial), purpose)));
  }
  void HandBack(Lease lease) {
    { Lease gone = std::move(lease); }
    loop_.Poll();
  }

  static Exchange Write(std::vector<Command> commands) {
    Exchange exchange = Do(std::move(commands));
    exchange.writes = true;
    return exchange;
  }

  Result<std::vector<Rows>> FinishNow(Lease& lease, std::vector<Command> commands, Deadline deadline = InTime()) {
    return loop_.Run(pool_->Finish(lease, Write(std::move(commands)), deadline));
  }

  std::optional<Pool> pool_;
};

TEST_F(PgWriteTest, TakesHalfOfTheConnectionsWhereCommitsWaitForAStandby) {
  Start(4);
  pool_->Note({true, false});
  std::vector<Lease> writing;
  for (int i = 0; i < 2; ++i) writing.push_back(AcquireNow(Purpose::kWrite));
  Spawned<Result<Lease>> third = AcquireLater(Purpose::kWrite);
  std::vector<Lease> reading;
  for (int i = 0; i < 2; ++i) reading.push_back(AcquireNow(Purpose::kRead));
  EXPECT_FALSE(third.ended());
  HandBack(std::move(reading.back()));
  EXPECT_FALSE(third.ended()) << "a connection that is free is for reads";
  HandBack(std::move(writing.back()));
  ASSERT_TRUE(third.ended());
  EXPECT_TRUE(third.result());
}

TEST_F(PgWriteTest, LeavesOneOfTwoConnections) {
  Start(2);
  pool_->Note({true, false});
  const Lease writing = AcquireNow(Purpose::kWrite);
  const Spawned<Result<Lease>> second = AcquireLater(Purpose::kWrite);
  EXPECT_FALSE(second.ended());
  EXPECT_TRUE(AcquireNow(Purpose::kRead)->usable());
}

TEST_F(PgWriteTest, IsRefusedAtOnceOnceCommitsHaveWaitedLong) {
  Start(2);
  pool_->Note({true, false});
  std::optional<Lease> writing = AcquireNow(Purpose::kWrite);
  Spawned<Result<Lease>> waiting = AcquireLater(Purpose::kWrite);
  pool_->Note({true, true});
  loop_.Poll();
  ASSERT_TRUE(waiting.ended());
  EXPECT_THAT(waiting.result(), FailsWith(ErrorId::kStandbyAwaited));
  Spawned<Result<Lease>> late = AcquireLater(Purpose::kWrite);
  ASSERT_TRUE(late.ended());
  EXPECT_THAT(late.result(), FailsWith(ErrorId::kStandbyAwaited));
  writing.reset();
  loop_.Poll();
  EXPECT_TRUE(AcquireNow(Purpose::kWrite)->usable()) << "half of them is free again";
}

TEST_F(PgWriteTest, TakesAllWhereNoCommitWaits) {
  Start(2);
  std::vector<Lease> writing;
  for (int i = 0; i < 2; ++i) writing.push_back(AcquireNow(Purpose::kWrite));
  EXPECT_EQ(pool_->stats().lent, 2u);
}

TEST_F(PgWriteTest, GoesOnWhenItsCallerLeavesAndFreesItsConnection) {
  Prepare("create table written (id int)");
  Start(1);
  Lease lease = AcquireNow(Purpose::kWrite);
  const int pid = lease->backend_pid();
  EXPECT_THAT(FinishNow(lease, {Sql("select pg_sleep(0.3)"), Sql("insert into written values (1)")},
                        Deadline::After(milliseconds(20))),
              FailsWith(ErrorId::kWriteUnknown));
  EXPECT_EQ(pool_->stats().lent, 1u) << "it is under way";
  const Lease next = AcquireNow(Purpose::kWrite);
  EXPECT_EQ(next->backend_pid(), pid);
  EXPECT_EQ(Value(*next, "select count(*) from written"), "1");
}

TEST_F(PgWriteTest, GivesTheLeaseBackToACallerWhoStays) {
  Prepare("create table written (id int)");
  Start(1);
  Lease lease = AcquireNow(Purpose::kWrite);
  const Result<std::vector<Rows>> rows = FinishNow(lease, {Sql("insert into written values (1) returning id")});
  ASSERT_TRUE(rows) << rows.error().ToString();
  EXPECT_EQ(rows->front().Text(0, 0), "1");
  EXPECT_EQ(Value(*lease, "select count(*) from written"), "1");
}

TEST_F(PgWriteTest, ItsConnectionBreaksWhenThePoolClosesAndWaitsNoLonger) {
  Start(1);
  Lease lease = AcquireNow(Purpose::kWrite);
  EXPECT_THAT(FinishNow(lease, {Sql("select pg_sleep(600)")}, Deadline::After(milliseconds(20))),
              FailsWith(ErrorId::kWriteUnknown));
  loop_.Run(pool_->Close(Deadline::After(milliseconds(20))));
  loop_.Poll();
  EXPECT_EQ(pool_->stats().lent, 0u);
}

TEST_F(PgWriteTest, WhatTheDatabaseRefusesIsNotDone) {
  Prepare("create table written (id int primary key)");
  Start(1);
  Lease lease = AcquireNow(Purpose::kWrite);
  const Result<std::vector<Rows>> rows = FinishNow(lease, {Sql("insert into written values (1), (1)")});
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().sqlstate(), "23505");
  EXPECT_EQ(Value(*lease, "select count(*) from written"), "0");
}

TEST_F(PgWriteTest, AServerThatSaysItEndsBeforeTheCommitHasDoneNothing) {
  const auto connection = Connect();
  Exchange exchange = Write({Sql("select pg_terminate_backend(pg_backend_pid())"), Sql("select pg_sleep(60)")});
  EXPECT_THAT(loop_.Run(connection->Run(std::move(exchange), InTime())), FailsWith(ErrorId::kDatabaseConnectionLost));
}

TEST_F(PgWriteTest, AConnectionThatEndsWithoutAWordLeavesItUnknown) {
  const auto connection = Connect();
  Spawned<Result<std::vector<Rows>>> running(
      loop_, connection->Run(Write({Sql("select pg_sleep(60)")}), Deadline::After(milliseconds(50))));
  EXPECT_THAT(running.Await(loop_), FailsWith(ErrorId::kWriteUnknown));
  EXPECT_FALSE(connection->usable()) << "it was not cancelled";
}

TEST_F(PgWriteTest, AHeldTransactionIsCancelledUntilItCommits) {
  const auto connection = Connect();
  Exchange exchange = Write({Sql("select pg_sleep(60)")});
  exchange.finish = Finish::kHold;
  EXPECT_THAT(loop_.Run(connection->Run(std::move(exchange), Deadline::After(milliseconds(50)))),
              FailsWith(ErrorId::kRequestDeadline));
  EXPECT_TRUE(connection->usable());
}

TEST_F(PgWriteTest, DeferredTriggersRunUnderTheLimitOfTime) {
  Prepare(
      "create table late (id int);"
      "create function sleeps() returns trigger language plpgsql as 'begin perform pg_sleep(600); return null; end';"
      "create constraint trigger slow after insert on late deferrable initially deferred for each row"
      " execute function sleeps()");
  const auto connection = Connect();
  for (const Finish finish : {Finish::kCommit, Finish::kHold}) {
    Exchange exchange = Write({Sql("insert into late values (1)")});
    exchange.session = SessionState{std::nullopt, "", milliseconds(100)};
    exchange.runs_deferred = true;
    exchange.finish = finish;
    Result<std::vector<Rows>> ran = loop_.Run(connection->Run(std::move(exchange), InTime()));
    Result<void> ended;
    if (!ran) ended = ran.error();
    if (ran && finish == Finish::kHold) ended = loop_.Run(connection->End(true, InTime()));
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().sqlstate(), "57014");
    EXPECT_TRUE(connection->usable());
  }
  EXPECT_EQ(Value(*connection, "select count(*) from late"), "0");
}

}  // namespace
}  // namespace pando::pg
