#include "pg/lane.h"

#include <deque>
#include <map>

#include "integration/pg_fixture.h"
#include "net/sleep.h"

namespace pando::pg {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Task<Result<LaneAnswer>> Execute(Lane& lane, LaneStatement statement, Deadline deadline) {
  Lane::Call call(lane, std::move(statement), deadline);
  Result<LaneAnswer> answer = co_await Await(call);
  co_return std::move(answer);
}

class PgLaneTest : public PgTest {
 protected:
  using Answer = Result<LaneAnswer>;

  PgLaneTest() {
    Prepare(
        "create table items (id int primary key, name text);"
        "insert into items select i, 'item ' || i from generate_series(1, 100) i;"
        "do $$ begin create role lane_ann; exception when duplicate_object then null; end $$;"
        "do $$ begin create role lane_bob; exception when duplicate_object then null; end $$;"
        "grant select on items to lane_ann, lane_bob");
  }
  ~PgLaneTest() override {
    if (lane_) loop_.Run(lane_->Close());
  }

  // For tests of what else a lane does: nothing is stopped because the machine is busy.
  static LaneOptions Patient() {
    LaneOptions options;
    options.statement_timeout = seconds(30);
    return options;
  }
  // For those of what is slow: more than a busy machine makes of a statement that is not.
  static LaneOptions Hasty() {
    LaneOptions options;
    options.statement_timeout = milliseconds(250);
    return options;
  }

  void Start(LaneOptions options = Patient()) {
    PoolOptions pool;
    pool.connect.uri = uri();
    pool.connections_max = 4;
    pool_.emplace(loop_.executor(), std::move(pool));
    lane_.emplace(loop_.executor(), *pool_, options);
  }

  Spawned<Answer>& Read(std::string sql, std::vector<Parameter> parameters = {}, std::string role = "lane_ann",
                        Deadline deadline = InTime()) {
    LaneStatement read;
    read.command = Sql(std::move(sql), std::move(parameters));
    read.session = std::make_shared<const SessionState>(SessionState{std::move(role), ""});
    return reads_.emplace_back(loop_, Execute(*lane_, std::move(read), deadline));
  }
  // Says what it sees of a setting, which it makes first unless `value` is empty.
  Spawned<Answer>& ReadSetting(const std::string& name, const std::string& value, std::string shown) {
    LaneStatement read;
    if (!value.empty()) read.settings = Sql("select set_config('" + name + "', $1, true)", {value});
    read.command = Sql("select current_setting($1, true)", {std::move(shown)});
    read.session = std::make_shared<const SessionState>(SessionState{"lane_ann", ""});
    return reads_.emplace_back(loop_, Execute(*lane_, std::move(read), InTime()));
  }
  Spawned<Answer>& ReadItem(int id, std::string role = "lane_ann") {
    return Read("select current_user || ' ' || name from items where id = $1", {std::to_string(id)}, std::move(role));
  }

  // The one value that the lane answered, or why it did not.
  std::string ValueOf(Spawned<Answer>& read) {
    Answer& answer = read.Await(loop_);
    if (!answer) return answer.error().ToString();
    if (!answer->rows) return answer->stopped ? "stopped" : "alone";
    return std::string(answer->rows->Get(0, 0).value_or("NULL"));
  }

  std::optional<Pool> pool_;
  std::optional<Lane> lane_;
  std::deque<Spawned<Answer>> reads_;  // references stay good
};

TEST_F(PgLaneTest, GivesEachOfManyCallersItsOwnRow) {
  Start();
  for (int id = 1; id <= 100; ++id) ReadItem(id);
  for (int id = 1; id <= 100; ++id) {
    EXPECT_EQ(ValueOf(reads_[static_cast<size_t>(id) - 1]), "lane_ann item " + std::to_string(id));
  }
  EXPECT_EQ(lane_->stats().statements, 100u);
  EXPECT_EQ(lane_->stats().failed, 0u);
  EXPECT_LE(lane_->stats().batches, 8u);
}

TEST_F(PgLaneTest, NeverLetsTwoRolesTravelTogether) {
  Start();
  for (int id = 1; id <= 40; ++id) ReadItem(id, id % 2 == 0 ? "lane_ann" : "lane_bob");
  for (int id = 1; id <= 40; ++id) {
    EXPECT_EQ(ValueOf(reads_[static_cast<size_t>(id) - 1]),
              (id % 2 == 0 ? "lane_ann item " : "lane_bob item ") + std::to_string(id));
  }
}

TEST_F(PgLaneTest, EachSeesTheSettingsThatItMadeAndNoOthers) {
  Start();
  std::vector<std::pair<Spawned<Answer>*, std::string>> expected;
  for (int i = 0; i < 60; ++i) {
    const std::string mine = "value of " + std::to_string(i);
    switch (i % 3) {
      case 0:
        expected.emplace_back(&ReadSetting("app.mine", mine, "app.mine"), mine);
        break;
      case 1:  // what others make at the same moment
        expected.emplace_back(&ReadSetting("app.yours", mine, "app.mine"), "");
        break;
      default:
        expected.emplace_back(&ReadSetting("", "", "app.mine"), "");
    }
  }
  for (const auto& [read, value] : expected) {
    const std::string seen = ValueOf(*read);
    EXPECT_TRUE(seen == value || (value.empty() && seen == "NULL")) << seen << " where " << value << " was made";
  }
  EXPECT_EQ(lane_->stats().failed, 0u);
  EXPECT_LE(lane_->stats().batches, 6u);
}

TEST_F(PgLaneTest, SendsThoseBehindAFailureToRunAlone) {
  Start();
  Spawned<Answer>& before = ReadItem(1);
  Spawned<Answer>& bad = Read("select 1 / 0");
  Spawned<Answer>& after = ReadItem(2);
  EXPECT_EQ(ValueOf(before), "lane_ann item 1");
  EXPECT_EQ(ValueOf(bad), "alone");
  EXPECT_EQ(ValueOf(after), "alone");
  EXPECT_EQ(lane_->stats().failed, 1u);

  EXPECT_EQ(ValueOf(ReadItem(3)), "lane_ann item 3");
}

TEST_F(PgLaneTest, AnswersAReadBeforeItsBatchIsDone) {
  Start();
  std::unique_ptr<Connection> other = Connect();
  ASSERT_TRUE(Run(*other, Do({Sql("lock table items")}, Finish::kHold)));
  Spawned<Answer>& first = Read("select repeat('x', 20000)");
  Read("select repeat('y', 20000)");  // fills the server's buffer, which then is sent
  Spawned<Answer>& slow = Read("select count(*) from items");
  EXPECT_EQ(ValueOf(first).size(), 20000u);
  EXPECT_FALSE(slow.ended());
  ASSERT_TRUE(loop_.Run(other->End(true, InTime())));
  EXPECT_EQ(ValueOf(slow), "100");
  EXPECT_EQ(lane_->stats().batches, 1u);
  EXPECT_EQ(lane_->stats().statements, 3u);
}

// Who asks for a bracket has it around the batch; the others go on as ever.
TEST_F(PgLaneTest, BracketsABatchForThoseWhoAsk) {
  Start();
  const auto bracket = std::make_shared<const LaneBracket>(LaneBracket{Sql("select 'before'"), Sql("select 'after'")});
  const auto ask = [&](std::string sql) -> Spawned<Answer>& {
    LaneStatement read;
    read.command = Sql(std::move(sql));
    read.session = std::make_shared<const SessionState>(SessionState{"lane_ann", ""});
    read.bracket = bracket;
    return reads_.emplace_back(loop_, Execute(*lane_, std::move(read), InTime()));
  };
  ReadItem(1);
  ask("select 'mine'");
  ReadItem(2);
  ask("select 'mine too'");
  const std::vector<std::string> expected = {"lane_ann item 1", "mine", "lane_ann item 2", "mine too"};
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(ValueOf(reads_[i]), expected[i]);
    const auto& around = reads_[i].result()->bracket;
    ASSERT_EQ(around != nullptr, i % 2 == 1) << i;
    if (!around) continue;
    EXPECT_EQ(around->before.Get(0, 0), "before");
    EXPECT_EQ(around->after.Get(0, 0), "after");
  }
  EXPECT_EQ(lane_->stats().batches, 1u);
  EXPECT_EQ(lane_->stats().statements, 4u);

  // When something fails behind it, what was read is answered, without a bracket.
  Spawned<Answer>& read = ask("select 'read'");
  Spawned<Answer>& failing = Read("select 1 / 0");
  EXPECT_EQ(ValueOf(read), "read");
  EXPECT_EQ(read.result()->bracket, nullptr);
  EXPECT_EQ(ValueOf(failing), "alone");
}

TEST_F(PgLaneTest, StopsAStatementThatIsSlow) {
  Start(Hasty());
  EXPECT_EQ(ValueOf(Read("select pg_sleep(3600)")), "stopped");
  EXPECT_EQ(ValueOf(ReadItem(1)), "lane_ann item 1");
}

TEST_F(PgLaneTest, TellsWhichStatementWasStopped) {
  Start(Hasty());
  ReadItem(1);
  ReadSetting("app.mine", "x", "app.mine");  // travels in another batch
  Read("select pg_sleep(3600)");
  ReadSetting("app.mine", "y", "app.mine");
  ReadItem(2);
  const std::vector<std::string> expected = {"lane_ann item 1", "x", "stopped", "y", "alone"};
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(ValueOf(reads_[i]), expected[i]) << i;
  EXPECT_EQ(lane_->stats().stopped, 1u);

  // Each of these is two commands.
  Spawned<Answer>& before = ReadSetting("app.mine", "x", "app.mine");
  LaneStatement slow;
  slow.settings = Sql("select set_config('app.mine', $1, true)", {"z"});
  slow.command = Sql("select pg_sleep(3600)");
  slow.session = std::make_shared<const SessionState>(SessionState{"lane_ann", ""});
  Spawned<Answer>& stopped = reads_.emplace_back(loop_, Execute(*lane_, std::move(slow), InTime()));
  Spawned<Answer>& behind = ReadSetting("app.mine", "y", "app.mine");
  EXPECT_EQ(ValueOf(before), "x");
  EXPECT_EQ(ValueOf(stopped), "stopped");
  EXPECT_EQ(ValueOf(behind), "alone");
}

TEST_F(PgLaneTest, TellsEachItsPartOfTheTime) {
  Start();
  for (int i = 0; i < 4; ++i) Read("select pg_sleep(0.02)");
  for (int i = 0; i < 4; ++i) {
    Answer& answer = reads_[static_cast<size_t>(i)].Await(loop_);
    ASSERT_TRUE(answer && answer->rows);
    EXPECT_GE(answer->part, milliseconds(20));
  }
  EXPECT_EQ(lane_->stats().batches, 1u);
}

TEST_F(PgLaneTest, StopsAReadThatWaitsForALock) {
  Start(Hasty());
  std::unique_ptr<Connection> other = Connect();
  ASSERT_TRUE(Run(*other, Do({Sql("lock table items")}, Finish::kHold)));
  EXPECT_EQ(ValueOf(ReadItem(1)), "stopped");
  ASSERT_TRUE(loop_.Run(other->End(true, InTime())));
  EXPECT_EQ(ValueOf(ReadItem(1)), "lane_ann item 1");
}

TEST_F(PgLaneTest, LeavesItsTimeoutToNobodyElse) {
  Start(Hasty());
  EXPECT_EQ(ValueOf(Read("show statement_timeout")), "250ms");
  {
    const SessionState session{"lane_ann", ""};
    Result<Lease> lease = loop_.Run(pool_->Acquire(InTime(), session));
    ASSERT_TRUE(lease);
    Result<std::vector<Rows>> rows = Run(**lease, Do({Sql("show statement_timeout")}, Finish::kCommit, session));
    ASSERT_TRUE(rows);
    EXPECT_EQ(rows->at(0).Get(0, 0), "0");
  }
  EXPECT_EQ(pool_->stats().opened, 1u);
  EXPECT_EQ(ValueOf(Read("show statement_timeout")), "250ms");
}

TEST_F(PgLaneTest, LeavesItsTimeoutToNoExchangeWithoutASession) {
  Start(Hasty());
  EXPECT_EQ(ValueOf(Read("show statement_timeout")), "250ms");
  for (const Finish finish : {Finish::kRollback, Finish::kCommit}) {
    Result<Lease> lease = loop_.Run(pool_->Acquire(InTime()));
    ASSERT_TRUE(lease);
    Result<std::vector<Rows>> rows =
        Run(**lease, Do({Sql("show statement_timeout"), Sql("select pg_sleep(0.3)")}, finish));
    ASSERT_TRUE(rows);
    EXPECT_EQ(rows->at(0).Get(0, 0), "0");
  }
  EXPECT_EQ(pool_->stats().opened, 1u);
}

TEST_F(PgLaneTest, GoesOnWithoutACallerThatWentAway) {
  LaneOptions options;
  options.statement_timeout = seconds(30);
  Start(options);
  std::unique_ptr<Connection> other = Connect();
  ASSERT_TRUE(Run(*other, Do({Sql("lock table items")}, Finish::kHold)));
  Spawned<Answer>& gone = ReadItem(1);
  Spawned<Answer>& stays = ReadItem(2);
  RunUntil([&] { return lane_->stats().batches == 1; });
  gone.Cancel();
  EXPECT_THAT(gone.Await(loop_), FailsWith(ErrorId::kRequestCancelled));
  ASSERT_TRUE(loop_.Run(other->End(true, InTime())));
  EXPECT_EQ(ValueOf(stays), "lane_ann item 2");
}

TEST_F(PgLaneTest, TellsACallerWhoseDeadlinePasses) {
  LaneOptions options;
  options.statement_timeout = milliseconds(500);
  Start(options);
  Spawned<Answer>& slow = Read("select pg_sleep(3600)", {}, "lane_ann", Deadline::After(milliseconds(20)));
  EXPECT_THAT(slow.Await(loop_), FailsWith(ErrorId::kRequestDeadline));
  EXPECT_EQ(ValueOf(ReadItem(1)), "lane_ann item 1");
}

TEST_F(PgLaneTest, SendsCallersAwayWhenTheLineIsFull) {
  LaneOptions options = Patient();
  options.waiters_max = 2;
  Start(options);
  for (int id = 1; id <= 3; ++id) ReadItem(id);
  EXPECT_EQ(ValueOf(reads_[2]), "alone");
  EXPECT_EQ(ValueOf(reads_[0]), "lane_ann item 1");
  EXPECT_EQ(ValueOf(reads_[1]), "lane_ann item 2");
}

TEST_F(PgLaneTest, SendsCallersAwayWhenTheDatabaseIsGone) {
  Start();
  EXPECT_EQ(ValueOf(ReadItem(1)), "lane_ann item 1");
  server().Stop();
  EXPECT_EQ(ValueOf(ReadItem(1)), "alone");
  server().Start();
}

class PgWriteLaneTest : public PgLaneTest {
 protected:
  PgWriteLaneTest() {
    Prepare("create sequence turns; grant usage on turns to lane_ann; grant insert, update on items to lane_ann");
  }
  ~PgWriteLaneTest() override {
    if (other_) loop_.Run(other_->Close());
  }

  void Start(milliseconds timeout = Patient().statement_timeout) {
    LaneOptions options;
    options.writes = true;
    options.statement_timeout = timeout;
    PgLaneTest::Start(options);
  }
  Spawned<Answer>& Insert(int id) {
    return Read("insert into items values ($1, 'inserted') returning id", {std::to_string(id)});
  }
  // The row's text tells when its turn came.
  Spawned<Answer>& Update(Lane& lane, int id) {
    LaneStatement update;
    update.command =
        Sql("update items set name = nextval('turns')::text where id = $1 returning name", {std::to_string(id)});
    update.session = std::make_shared<const SessionState>(SessionState{"lane_ann", ""});
    update.locks = std::to_string(id);
    return reads_.emplace_back(loop_, Execute(lane, std::move(update), InTime()));
  }
  int CountInserted() {
    std::unique_ptr<Connection> other = Connect();
    const auto rows = Run(*other, Do({Sql("select count(*) from items where name = 'inserted'")}));
    return rows ? std::stoi(std::string(rows->at(0).Get(0, 0).value_or("-1"))) : -1;
  }
  // Ends the sessions of this database for which `condition` holds, once there are any.
  void Terminate(const std::string& condition) {
    while (Ask("select count(pg_terminate_backend(pid)) from pg_stat_activity where " + condition +
               " and datname = current_database()") == "0") {
      loop_.Poll();
    }
  }

  std::optional<Lane> other_;
};

TEST_F(PgWriteLaneTest, WhatWasAnsweredIsCommitted) {
  Start();
  for (int id = 1001; id <= 1100; ++id) Insert(id);
  for (int id = 1001; id <= 1100; ++id) {
    EXPECT_EQ(ValueOf(reads_[static_cast<size_t>(id) - 1001]), std::to_string(id));
  }
  EXPECT_EQ(CountInserted(), 100);
  EXPECT_LE(lane_->stats().batches, 8u);
}

TEST_F(PgWriteLaneTest, ABatchWithARefusedRowTakesNoEffectAndIsLeftToItsCallers) {
  Start();
  // Then for a moment nothing is shared. On a busy machine that may be over before anything comes.
  std::string next;
  int id = 2000;
  while (next != "alone" && id < 2010) {
    Spawned<Answer>& before = Insert(1001);
    Spawned<Answer>& twice = Insert(1);
    Spawned<Answer>& after = Insert(1002);
    EXPECT_EQ(ValueOf(before), "alone");
    EXPECT_EQ(ValueOf(twice), "alone");
    EXPECT_EQ(ValueOf(after), "alone");
    next = ValueOf(Insert(++id));
  }
  EXPECT_EQ(next, "alone");
  EXPECT_EQ(CountInserted(), id - 2001);
  const Deadline deadline = InTime();
  while ((next = ValueOf(Insert(id))) == "alone" && !deadline.passed()) {
    ASSERT_TRUE(loop_.Run(net::SleepFor(milliseconds(5))));
  }
  EXPECT_EQ(next, std::to_string(id));
}

TEST_F(PgWriteLaneTest, ABatchRunsInTheOrderOfItsLocks) {
  Start();
  for (const int id : {7, 3, 9, 1, 5}) Update(*lane_, id);
  std::map<int, int> turn_of;
  for (const auto& [place, id] : {std::pair{0u, 7}, {1u, 3}, {2u, 9}, {3u, 1}, {4u, 5}}) {
    turn_of[id] = std::stoi(ValueOf(reads_[place]));
  }
  EXPECT_THAT(turn_of, ElementsAre(Pair(1, 1), Pair(3, 2), Pair(5, 3), Pair(7, 4), Pair(9, 5)));
}

TEST_F(PgWriteLaneTest, LanesThatWriteTheSameRowsDoNotWaitForEachOtherInACircle) {
  Start(std::chrono::seconds(30));  // the database finds circles after a second
  LaneOptions options;
  options.writes = true;
  options.statement_timeout = std::chrono::seconds(30);
  other_.emplace(loop_.executor(), *pool_, options);
  for (int round = 0; round < 20; ++round) {
    for (int id = 1; id <= 30; ++id) {
      Update(*lane_, id);
      Update(*other_, 31 - id);
    }
    for (size_t i = reads_.size() - 60; i < reads_.size(); ++i) EXPECT_NE(ValueOf(reads_[i]), "alone");
  }
  EXPECT_EQ(lane_->stats().failed + other_->stats().failed, 0u);
}

TEST_F(PgWriteLaneTest, ARowThatIsRefusedByItselfHasItsOwnError) {
  Start();
  EXPECT_THAT(ValueOf(Insert(1)), HasSubstr("duplicate key"));
  EXPECT_EQ(ValueOf(Insert(1001)), "1001");
}

TEST_F(PgWriteLaneTest, ARowThatWaitsForALockIsLeftToItsCaller) {
  Start(Hasty().statement_timeout);
  std::unique_ptr<Connection> other = Connect();
  ASSERT_TRUE(Run(*other, Do({Sql("lock table items")}, Finish::kHold)));
  EXPECT_EQ(ValueOf(Insert(1001)), "stopped");
  ASSERT_TRUE(loop_.Run(other->End(true, InTime())));
  EXPECT_EQ(CountInserted(), 0);
}

TEST_F(PgWriteLaneTest, WhatEndedBeforeItsCommitMayBeDoneAlone) {
  Start(std::chrono::seconds(30));
  std::unique_ptr<Connection> other = Connect();
  ASSERT_TRUE(Run(*other, Do({Sql("lock table items")}, Finish::kHold)));
  Spawned<Answer>& first = Insert(1001);
  Spawned<Answer>& second = Insert(1002);
  Terminate("wait_event_type = 'Lock'");
  for (Spawned<Answer>* write : {&first, &second}) EXPECT_EQ(ValueOf(*write), "alone");
  ASSERT_TRUE(loop_.Run(other->End(true, InTime())));
  EXPECT_EQ(CountInserted(), 0);
}

TEST_F(PgWriteLaneTest, WhatMayHaveHappenedIsNotLeftToBeDoneAgain) {
  Prepare(
      "create function sleeps() returns trigger language plpgsql as 'begin perform pg_sleep(600); return null; end';"
      "create constraint trigger slow after insert on items deferrable initially deferred for each row"
      " execute function sleeps()");
  Start(std::chrono::seconds(30));
  Spawned<Answer>& first = Insert(1001);
  Spawned<Answer>& second = Insert(1002);
  Terminate("wait_event = 'PgSleep'");
  for (Spawned<Answer>* write : {&first, &second}) EXPECT_THAT(ValueOf(*write), HasSubstr("PANDO4008"));
}

}  // namespace
}  // namespace pando::pg
