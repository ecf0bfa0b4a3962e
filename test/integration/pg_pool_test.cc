#include <signal.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <thread>
#include <vector>

#include "integration/pg_fixture.h"

namespace pando::pg {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

class PgPoolTest : public PgTest {
 protected:
  PoolOptions Options(uint32_t connections_max = 2) {
    PoolOptions options;
    options.connect.uri = uri();
    options.connections_max = connections_max;
    return options;
  }

  void Start(PoolOptions options) { pool_.emplace(loop_.executor(), std::move(options)); }

  Result<Lease> TryAcquire(Deadline deadline = InTime(), SessionState session = {}) {
    return loop_.Run(pool_->Acquire(deadline, std::move(session)));
  }
  Lease AcquireNow(SessionState session = {}) { return std::move(*TryAcquire(InTime(), std::move(session))); }

  Spawned<Result<Lease>> AcquireLater(Deadline deadline = InTime()) {
    Spawned<Result<Lease>> waiter(loop_, pool_->Acquire(deadline));
    loop_.Poll();
    return waiter;
  }

  // What becomes of a connection that was handed back, happens on the loop.
  void HandBack(Lease lease) {
    { Lease gone = std::move(lease); }
    loop_.Poll();
  }

  std::optional<Pool> pool_;
};

TEST_F(PgPoolTest, OpensOnDemandAndLendsAgain) {
  Start(Options());
  EXPECT_EQ(pool_->stats().open, 0u);
  int first_pid = 0;
  {
    Lease lease = AcquireNow();
    first_pid = lease->backend_pid();
    EXPECT_EQ(Value(*lease, "select 1"), "1");
    EXPECT_EQ(pool_->stats().lent, 1u);
  }
  EXPECT_EQ(pool_->stats().lent, 0u);
  EXPECT_EQ(AcquireNow()->backend_pid(), first_pid);
  EXPECT_EQ(pool_->stats().opened, 1u);
}

TEST_F(PgPoolTest, PrefersAConnectionWithTheSessionAskedFor) {
  Prepare("do $$ begin create role test_bob; exception when duplicate_object then null; end $$");
  Start(Options());
  const SessionState bob{"test_bob", ""};
  int pid_of_bob = 0;
  {
    Lease one = AcquireNow();
    Lease two = AcquireNow();
    pid_of_bob = two->backend_pid();
    ASSERT_TRUE(Run(*two, Do({}, Finish::kCommit, bob)));
    HandBack(std::move(two));
    HandBack(std::move(one));
  }

  EXPECT_EQ(AcquireNow(bob)->backend_pid(), pid_of_bob);
  EXPECT_NE(AcquireNow(SessionState{})->backend_pid(), pid_of_bob);
}

TEST_F(PgPoolTest, ServesCallersInOrderOfArrival) {
  Start(Options(1));
  std::optional<Lease> held = AcquireNow();
  Spawned<Result<Lease>> first = AcquireLater();
  Spawned<Result<Lease>> second = AcquireLater();
  EXPECT_EQ(pool_->stats().waiting, 2u);

  held.reset();
  loop_.Poll();
  ASSERT_TRUE(first.ended());
  EXPECT_FALSE(second.ended());
  EXPECT_EQ(pool_->stats().lent, 1u);

  HandBack(std::move(*first.result()));
  ASSERT_TRUE(second.ended());
  EXPECT_EQ(pool_->stats().opened, 1u);
}

TEST_F(PgPoolTest, RefusesAtOnceWhenTheWaitingLineIsFull) {
  PoolOptions options = Options(1);
  options.waiters_max = 1;
  Start(options);
  Lease held = AcquireNow();
  Spawned<Result<Lease>> waiter = AcquireLater();

  EXPECT_THAT(TryAcquire(), FailsWith(ErrorId::kPoolOverloaded));
  EXPECT_EQ(pool_->stats().refused, 1u);
  EXPECT_FALSE(waiter.ended());
  HandBack(std::move(held));
  EXPECT_TRUE(waiter.ended());
}

TEST_F(PgPoolTest, GivesUpWaitingAtTheDeadlineOrTheTimeout) {
  PoolOptions options = Options(1);
  Start(options);
  Lease held = AcquireNow();
  EXPECT_THAT(TryAcquire(Deadline::After(milliseconds(5))), FailsWith(ErrorId::kPoolTimeout));
  EXPECT_EQ(pool_->stats().timeouts, 1u);
  EXPECT_EQ(pool_->stats().waiting, 0u);
  HandBack(std::move(held));
  pool_.reset();

  options.acquire_timeout = milliseconds(5);
  Start(options);
  Result<Lease> only = TryAcquire();
  while (!only) only = TryAcquire();  // connecting may take longer than 5 ms
  EXPECT_THAT(TryAcquire(Deadline::Never()), FailsWith(ErrorId::kPoolTimeout));
}

TEST_F(PgPoolTest, LeavesTheLineWhenTheCallerIsCancelled) {
  Start(Options(1));
  Lease held = AcquireNow();
  Spawned<Result<Lease>> first = AcquireLater();
  Spawned<Result<Lease>> second = AcquireLater();

  first.Cancel();
  EXPECT_THAT(first.Await(loop_), FailsWith(ErrorId::kRequestCancelled));
  HandBack(std::move(held));

  EXPECT_TRUE(second.Await(loop_).has_value());
}

TEST_F(PgPoolTest, CleansAConnectionBeforeItIsLentAgain) {
  Start(Options(1));
  int pid = 0;
  {
    Lease lease = AcquireNow();
    pid = lease->backend_pid();
    Exchange exchange = Do({Sql("select set_config('app.left', 'x', false)")});
    exchange.leaves_traces = true;
    ASSERT_TRUE(Run(*lease, exchange));
  }
  Lease lease = AcquireNow();

  EXPECT_EQ(lease->backend_pid(), pid);
  EXPECT_EQ(Value(*lease, "select coalesce(current_setting('app.left', true), '')"), "");
}

TEST_F(PgPoolTest, ClosesAConnectionThatIsDiscardedOrHoldsATransaction) {
  Prepare("create table t (a int)");
  Start(Options(1));
  int pid = 0;
  {
    Lease lease = AcquireNow();
    pid = lease->backend_pid();
    ASSERT_TRUE(Run(*lease, Do({Sql("insert into t values (1)")}, Finish::kHold)));
  }
  EXPECT_EQ(pool_->stats().open, 0u);
  {
    Lease lease = AcquireNow();
    EXPECT_NE(lease->backend_pid(), pid);
    EXPECT_EQ(Value(*lease, "select count(*) from t"), "0");
    lease.Discard();
  }
  EXPECT_EQ(pool_->stats().open, 0u);
}

TEST_F(PgPoolTest, OpensAnotherForTheCallerWhoWaitsWhenOneBreaks) {
  Start(Options(1));
  std::optional<Lease> held = AcquireNow();
  Spawned<Result<Lease>> waiter = AcquireLater();

  held->Discard();
  held.reset();

  EXPECT_TRUE(waiter.Await(loop_).has_value());
  EXPECT_EQ(pool_->stats().opened, 2u);
}

TEST_F(PgPoolTest, LendsNoConnectionThatDiedWhileItWasIdle) {
  Start(Options(2));
  {
    Lease one = AcquireNow();
    Lease two = AcquireNow();
  }
  std::istringstream idle(
      Ask("select string_agg(pid::text, ' ') from pg_stat_activity where application_name = 'pando'"));
  const std::vector<pid_t> backends{std::istream_iterator<pid_t>(idle), {}};
  Prepare("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pando'");
  // Not when they are out of the view: their sockets close with the processes.
  RunUntil([&] {
    return std::none_of(backends.begin(), backends.end(), [](pid_t backend) { return kill(backend, 0) == 0; });
  });

  // At most one caller notices: its broken connection makes the pool look at the others.
  int failures = 0;
  for (int i = 0; i < 4; ++i) {
    Lease lease = AcquireNow();
    if (!Run(*lease, Do({Sql("select 1")}))) ++failures;
  }
  EXPECT_LE(failures, 1);
}

TEST_F(PgPoolTest, ClosesConnectionsThatAreIdleTooLongOrTooOld) {
  PoolOptions options = Options(1);
  options.idle_timeout = milliseconds(40);
  Start(options);
  { Lease lease = AcquireNow(); }
  RunUntil([&] { return pool_->stats().open == 0; });

  options.idle_timeout = milliseconds(0);
  options.lifetime_max = milliseconds(40);
  Start(options);
  { Lease lease = AcquireNow(); }
  RunUntil([&] { return pool_->stats().open == 0; });
}

TEST_F(PgPoolTest, ReplacesEveryConnectionAfterRenew) {
  Start(Options(2));
  Lease lent = AcquireNow();
  const int old_pid = lent->backend_pid();
  { Lease idle = AcquireNow(); }

  pool_->Renew();
  EXPECT_EQ(pool_->stats().open, 1u);
  HandBack(std::move(lent));
  EXPECT_EQ(pool_->stats().open, 0u);

  EXPECT_NE(AcquireNow()->backend_pid(), old_pid);
}

TEST_F(PgPoolTest, GrowsAndShrinksWithItsLimit) {
  Start(Options(1));
  Lease one = AcquireNow();
  Spawned<Result<Lease>> waiter = AcquireLater();
  pool_->Resize(2);
  ASSERT_TRUE(waiter.Await(loop_).has_value());
  EXPECT_EQ(pool_->stats().open, 2u);

  pool_->Resize(1);
  HandBack(std::move(*waiter.result()));
  EXPECT_EQ(pool_->stats().open, 1u);
}

TEST_F(PgPoolTest, CloseWaitsForLeasesUntilTheGraceIsOver) {
  Start(Options(2));
  std::optional<Lease> quick = AcquireNow();
  Lease stuck = AcquireNow();
  Spawned<Result<Lease>> waiter = AcquireLater();

  loop_.Run(pool_->Close(Deadline::After(milliseconds(5))));
  EXPECT_THAT(waiter.Await(loop_), FailsWith(ErrorId::kDraining));
  EXPECT_THAT(TryAcquire(), FailsWith(ErrorId::kDraining));
  EXPECT_EQ(pool_->stats().lent, 2u);

  quick.reset();
  HandBack(std::move(stuck));
  loop_.Run(pool_->Close(Deadline::Never()));
  EXPECT_EQ(pool_->stats().open, 0u);
}

TEST_F(PgPoolTest, FailsFastWhileTheDatabaseIsAwayAndRecoversByItself) {
  Start(Options(2));
  { Lease lease = AcquireNow(); }
  server().Stop();

  // The first caller may get a connection that nobody has looked at yet; it breaks in its hands.
  if (Result<Lease> lease = TryAcquire()) {
    EXPECT_FALSE(Run(**lease, Do({Sql("select 1")})));
  }
  EXPECT_THAT(TryAcquire(Deadline::Never()), FailsWith(ErrorId::kDatabaseUnreachable));
  EXPECT_EQ(pool_->stats().open, 0u);
  EXPECT_GE(pool_->stats().failed, 1u);

  server().Start();
  RunUntil([&] { return pool_->stats().open > 0; });
  Lease lease = AcquireNow();
  EXPECT_EQ(Value(*lease, "select 1"), "1");
}

TEST_F(PgPoolTest, TellsEveryoneWhoWaitsThatTheDatabaseRefusesUs) {
  PoolOptions options = Options(1);
  options.connect.uri = server().uri("no_such_database");
  Start(options);
  Spawned<Result<Lease>> first = AcquireLater();
  Spawned<Result<Lease>> second = AcquireLater();

  for (Spawned<Result<Lease>>* caller : {&first, &second}) {
    const Result<Lease>& refused = caller->Await(loop_);
    ASSERT_THAT(refused, FailsWith(ErrorId::kDatabaseUnreachable));
    EXPECT_THAT(refused.error().detail(), testing::Optional(testing::HasSubstr("3D000")));
  }
}

TEST_F(PgPoolTest, NeverLendsMoreThanItsLimitToManyCallers) {
  Start(Options(3));
  std::vector<Spawned<Result<std::vector<Rows>>>> callers;
  struct Caller {
    static Task<Result<std::vector<Rows>>> Work(Pool& pool, uint32_t& lent_max) {
      const Deadline deadline = InTime();
      PANDO_CO_TRY(Lease lease, co_await pool.Acquire(deadline));
      lent_max = std::max(lent_max, pool.stats().lent);
      Exchange exchange = Do({Sql("select pg_sleep(0.002)")});
      Result<std::vector<Rows>> rows = co_await lease->Run(std::move(exchange), deadline);
      co_return rows;
    }
  };
  uint32_t lent_max = 0;
  for (int i = 0; i < 60; ++i) callers.emplace_back(loop_, Caller::Work(*pool_, lent_max));

  for (auto& caller : callers) EXPECT_TRUE(caller.Await(loop_).has_value());
  EXPECT_EQ(lent_max, 3u);
  EXPECT_EQ(pool_->stats().opened, 3u);
}

TEST_F(PgPoolTest, SurvivesALoopThatEndsUnderARunningExchange) {
  struct Caller {
    static Task<Result<std::vector<Rows>>> Work(Pool& pool) {
      PANDO_CO_TRY(Lease lease, co_await pool.Acquire(Deadline::Never()));
      Exchange exchange = Do({Sql("select pg_sleep(600)")});
      Result<std::vector<Rows>> rows = co_await lease->Run(std::move(exchange), Deadline::Never());
      co_return rows;
    }
  };
  {
    test::TestLoop loop;
    Pool pool(loop.executor(), Options(1));
    Spawned<Result<std::vector<Rows>>> running(loop, Caller::Work(pool));
    while (pool.stats().lent == 0) loop.context().run_one();
    loop.Poll();
    EXPECT_FALSE(running.ended());
  }
}

TEST_F(PgPoolTest, WorksOnTwoThreadsWithAPoolEach) {
  struct Worker {
    static Task<Result<void>> Work(Pool& pool, int rounds) {
      for (int i = 0; i < rounds; ++i) {
        const Deadline deadline = InTime();
        PANDO_CO_TRY(Lease lease, co_await pool.Acquire(deadline));
        Exchange exchange = Do({Sql("select $1::int + 1", {std::to_string(i)})});
        PANDO_CO_TRY(std::vector<Rows> rows, co_await lease->Run(std::move(exchange), deadline));
        if (rows.at(0).Text(0, 0) != std::to_string(i + 1)) co_return Error(ErrorId::kInternalBug, "wrong answer");
      }
      co_return Result<void>();
    }
  };
  int succeeded[2] = {0, 0};
  std::vector<std::thread> threads;
  for (int& count : succeeded) {
    threads.emplace_back([this, &count] {
      test::TestLoop loop;
      Pool pool(loop.executor(), Options(2));
      if (loop.Run(Worker::Work(pool, 200))) ++count;
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_THAT(succeeded, ElementsAre(1, 1));
}

TEST_F(PgPoolTest, CleanedConnectionsPrepareForTheTableAsItIsNow) {
  Prepare("create table grown (a int); insert into grown values (1)");
  Start(Options(1));
  const auto count = [&](const std::string& value) {
    Lease lease = AcquireNow();
    return Run(*lease, Do({Sql("select count(*) from grown where a = $1", {value})}));
  };
  ASSERT_TRUE(count("1"));
  Prepare("alter table grown alter a type bigint");
  EXPECT_FALSE(count("9999999999")) << "the parameter is an integer as long as the statement is kept";

  pool_->CleanAll();

  EXPECT_TRUE(count("9999999999"));
  EXPECT_EQ(AcquireNow()->statements_prepared(), 1u);
}

TEST_F(PgPoolTest, AConnectionIsCleanedThoughItIsLent) {
  Prepare("create table lent (a int)");
  Start(Options(1));
  Lease lease = AcquireNow();
  ASSERT_TRUE(Run(*lease, Do({Sql("select 1 from lent where a = $1", {"1"})})));
  Prepare("alter table lent alter a type text");

  pool_->CleanAll();

  EXPECT_TRUE(Run(*lease, Do({Sql("select 1 from lent where a = $1", {"one"})})));
}

// A function may have been replaced by one that leaves the connection in another role.
TEST_F(PgPoolTest, WhatNobodyKnewToBeLeftIsCleanedToo) {
  Start(Options(1));
  const SessionState wanted{"pg_monitor", ""};
  {
    Lease lease = AcquireNow();
    ASSERT_TRUE(Run(*lease, Do({Sql("select set_config('role', 'pg_read_all_data', false),"
                                    " set_config('app.left', 'x', false), pg_advisory_lock(4711)")},
                               Finish::kCommit, wanted)));
  }

  pool_->CleanAll();

  Lease lease = AcquireNow();
  const auto rows =
      Run(*lease, Do({Sql("select current_user || coalesce(current_setting('app.left', true), '') ||"
                          " (select count(*) from pg_locks where locktype = 'advisory' and objid = 4711)")},
                     Finish::kCommit, wanted));
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->front().Text(0, 0), "pg_monitor0");
}

TEST_F(PgPoolTest, APoolThatWasGivenUpRefusesEveryCaller) {
  Start(Options(1));
  Lease lent = AcquireNow();
  Spawned<Result<Lease>> waiting(loop_, pool_->Acquire(InTime()));
  RunUntil([&] { return pool_->stats().waiting == 1; });

  pool_->GiveUp(Error(ErrorId::kPooler, "no more"));

  EXPECT_THAT(waiting.Await(loop_), FailsWith(ErrorId::kPooler));
  HandBack(std::move(lent));
  EXPECT_THAT(TryAcquire(), FailsWith(ErrorId::kPooler));
  EXPECT_EQ(pool_->stats().open, 0u);
}

}  // namespace
}  // namespace pando::pg
