// What the change stream hands over, against what was done to a real PostgreSQL.

#include "changes/change_stream.h"

#include <functional>
#include <thread>

#include "integration/pg_fixture.h"
#include "pg/connection.h"
#include "telemetry/log.h"

namespace pando::changes {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Show(const Value& value) {
  switch (value.kind) {
    case Cell::Kind::kNull:
      return "NULL";
    case Cell::Kind::kUnchanged:
      return "unchanged";
    case Cell::Kind::kText:
      return value.text.size() > 20 ? std::to_string(value.text.size()) + " bytes" : value.text;
  }
  return "?";
}

std::string Show(const Row& row) {
  std::string shown;
  for (const Value& value : row) shown += (shown.empty() ? "" : ",") + Show(value);
  return shown;
}

// "update items key(1) -> 2,two"
std::string Show(const Change& change) {
  static constexpr const char* kKinds[] = {"insert", "update", "delete", "truncate"};
  std::string shown = std::string(kKinds[static_cast<size_t>(change.kind)]) + " " + change.table->name;
  if (change.before) shown += (change.before_is_key ? " key(" : " row(") + Show(*change.before) + ")";
  if (change.after) shown += " -> " + Show(*change.after);
  return shown;
}

class Recorder : public ChangeSink {
 public:
  void OnStart(const StreamOrigin& origin) override {
    ++starts;
    last_origin = origin;
    in_stream = true;
    if (on_start) on_start();
  }
  void OnTransaction(const Transaction& transaction) override {
    EXPECT_TRUE(in_stream);
    EXPECT_GE(transaction.commit_lsn, last_origin.lsn);
    EXPECT_GE(transaction.end_lsn, last_end) << "in the order of commits";
    last_end = transaction.end_lsn;
    ++transactions;
    for (const Change& change : transaction.changes) changes.push_back(Show(change));
    for (const pgtypes::Oid oid : transaction.unlisted) unlisted.push_back(oid);
  }
  void OnBreak(const Error& why) override {
    in_stream = false;
    breaks.push_back(why.ToString());
    last_end = 0;
  }

  std::function<void()> on_start;
  int starts = 0, transactions = 0;
  bool in_stream = false;
  StreamOrigin last_origin;
  Lsn last_end = 0;
  std::vector<std::string> changes, breaks;
  std::vector<pgtypes::Oid> unlisted;
};

class ChangeStreamTest : public pg::PgTest {
 protected:
  ChangeStreamTest() {
    Prepare(
        "create table items (id int primary key, name text, note text);"
        "create table done (id int primary key);"
        "create publication pando for table items, done");
  }
  ~ChangeStreamTest() override { StopStream(); }

  ChangeStreamOptions Options() const {
    ChangeStreamOptions options;
    options.connect.uri = uri();
    options.heartbeat_every = milliseconds(20);
    options.retry_min = milliseconds(20);
    options.retry_max = milliseconds(200);
    return options;
  }

  // The server sends transactions in pieces as soon as they are not very small.
  ChangeStreamOptions OptionsForPieces() const {
    ChangeStreamOptions options = Options();
    options.connect.parameters.emplace_back("logical_decoding_work_mem", "64kB");
    return options;
  }

  void Start() { Start(Options()); }
  void Start(ChangeStreamOptions options) {
    StartOnly(std::move(options));
    RunUntil([&] { return recorder_.starts > 0; });
  }
  void StartOnly(ChangeStreamOptions options) {
    stream_.emplace(loop_.executor(), std::move(options), recorder_);
    stream_->Start();
  }
  void StopStream() {
    if (stream_) loop_.Run(stream_->Stop());
    stream_.reset();
  }

  // What the script did, once all of it has come: a row in "done" ends it.
  std::vector<std::string> ChangesOf(const std::string& script) {
    recorder_.changes.clear();
    Prepare(script);
    return Arrived();
  }
  std::vector<std::string> Arrived() {
    const std::string mark = "insert done -> " + std::to_string(++marks_);
    Prepare("insert into done values (" + std::to_string(marks_) + ")");
    RunUntil([&] { return !recorder_.changes.empty() && recorder_.changes.back() == mark; });
    recorder_.changes.pop_back();
    return std::exchange(recorder_.changes, {});
  }

  Recorder recorder_;
  std::optional<ChangeStream> stream_;
  int marks_ = 0;
};

TEST_F(ChangeStreamTest, HandsOverRowsAsTheyWereAndAre) {
  Start();
  EXPECT_THAT(ChangesOf("insert into items values (1, 'one', null), (2, 'two', '')"),
              ElementsAre("insert items -> 1,one,NULL", "insert items -> 2,two,"));
  EXPECT_THAT(ChangesOf("update items set name = 'uno' where id = 1"), ElementsAre("update items -> 1,uno,NULL"));
  EXPECT_THAT(ChangesOf("update items set id = 3 where id = 1"),
              ElementsAre("update items key(1,NULL,NULL) -> 3,uno,NULL"));
  EXPECT_THAT(ChangesOf("delete from items where id = 2"), ElementsAre("delete items key(2,NULL,NULL)"));
  EXPECT_THAT(ChangesOf("truncate items, done"), ElementsAre("truncate items", "truncate done"));
}

TEST_F(ChangeStreamTest, HandsOverWhatCommitsAndNothingElse) {
  Start();
  EXPECT_THAT(ChangesOf("begin; insert into items values (1); rollback;"
                        "begin; insert into items values (2); savepoint s; insert into items values (3);"
                        "rollback to s; insert into items values (4); commit"),
              ElementsAre("insert items -> 2,NULL,NULL", "insert items -> 4,NULL,NULL"));
}

TEST_F(ChangeStreamTest, HandsOverWhatCommitsAfterItsBeginningAlone) {
  Prepare("insert into items values (1)");
  Start();
  EXPECT_THAT(ChangesOf("insert into items values (2)"), ElementsAre("insert items -> 2,NULL,NULL"));
  EXPECT_NE(recorder_.last_origin.system, 0u);
  EXPECT_NE(recorder_.last_origin.timeline, 0u);
}

TEST_F(ChangeStreamTest, KnowsValuesThatAreNotInTheLog) {
  Prepare("alter table items alter note set storage external");
  Start();
  EXPECT_THAT(ChangesOf("insert into items values (1, 'one', repeat('x', 10000))"),
              ElementsAre("insert items -> 1,one,10000 bytes"));
  EXPECT_THAT(ChangesOf("update items set name = 'uno'"), ElementsAre("update items -> 1,uno,unchanged"));
}

TEST_F(ChangeStreamTest, FollowsEveryReplicaIdentity) {
  Prepare("create unique index by_name on items (name); alter table items alter name set not null");
  Start();
  Prepare("insert into items values (1, 'one', 'n')");
  Arrived();
  Prepare("alter table items replica identity full");
  EXPECT_THAT(ChangesOf("update items set note = 'm'"), ElementsAre("update items row(1,one,n) -> 1,one,m"));
  EXPECT_THAT(ChangesOf("delete from items"), ElementsAre("delete items row(1,one,m)"));
  Prepare("insert into items values (1, 'one', 'n'); alter table items replica identity using index by_name");
  Arrived();
  EXPECT_THAT(ChangesOf("update items set name = 'uno'"), ElementsAre("update items key(NULL,one,NULL) -> 1,uno,n"));
  // Without an identity only inserts are published; an update would be refused.
  Prepare("alter table items replica identity nothing");
  EXPECT_THAT(ChangesOf("insert into items values (2, 'two')"), ElementsAre("insert items -> 2,two,NULL"));
}

TEST_F(ChangeStreamTest, FollowsSchemaChanges) {
  Start();
  EXPECT_THAT(ChangesOf("insert into items values (1, 'one'); alter table items add extra int default 7;"
                        "insert into items values (2, 'two'); alter table items drop note;"
                        "begin; alter table items rename to things; insert into things values (3); commit;"
                        "alter table things alter id type bigint; insert into things values (4)"),
              ElementsAre("insert items -> 1,one,NULL", "insert items -> 2,two,NULL,7", "insert things -> 3,NULL,7",
                          "insert things -> 4,NULL,7"));
}

TEST_F(ChangeStreamTest, LeavesOutGeneratedColumns) {
  Prepare(
      "create table sums (id int primary key, a int, twice int generated always as (a * 2) stored);"
      "alter publication pando add table sums");
  Start();
  EXPECT_THAT(ChangesOf("insert into sums values (1, 4); update sums set a = 5"),
              ElementsAre("insert sums -> 1,4", "update sums -> 1,5"));
}

TEST_F(ChangeStreamTest, FollowsPartitionsThatComeAndGo) {
  Prepare(
      "create table logs (id int primary key) partition by range (id);"
      "create table logs1 partition of logs for values from (1) to (10);"
      "alter publication pando add table logs");
  Start();
  EXPECT_THAT(ChangesOf("insert into logs values (1)"), ElementsAre("insert logs1 -> 1"));
  EXPECT_THAT(
      ChangesOf("create table logs2 partition of logs for values from (10) to (20); insert into logs values (11);"
                "update logs set id = 12 where id = 1"),
      ElementsAre("insert logs2 -> 11", "delete logs1 key(1)", "insert logs2 -> 12"));
  EXPECT_THAT(ChangesOf("alter table logs detach partition logs2; insert into logs2 values (13); truncate logs"),
              ElementsAre("truncate logs1"));
}

TEST_F(ChangeStreamTest, HandsOverALargeTransactionWithinItsMemory) {
  ChangeStreamOptions options = OptionsForPieces();
  options.assembler.bytes_max = 1 << 20;
  options.assembler.changes_max = 1'000'000;
  Start(options);
  uint64_t most = 0;
  recorder_.changes.clear();
  std::thread writer([&] {
    Prepare(
        "begin; insert into items select i, repeat('x', 100) from generate_series(1, 100000) i;"
        "savepoint s; insert into items select i from generate_series(100001, 150000) i; rollback to s; commit");
  });
  const std::string oid = Ask("select 'items'::regclass::oid");
  RunUntil([&] {
    most = std::max(most, stream_->stats().bytes_in_memory);
    return !recorder_.unlisted.empty();
  });
  writer.join();
  EXPECT_THAT(recorder_.unlisted, ElementsAre(std::stoul(oid)));
  EXPECT_LE(most, uint64_t{1} << 20);
  EXPECT_GT(most, 0u);
  EXPECT_THAT(ChangesOf("insert into items values (0)"), ElementsAre("insert items -> 0,NULL,NULL"));
}

TEST_F(ChangeStreamTest, StreamsATransactionInProgressAndForgetsItWhenRolledBack) {
  Start(OptionsForPieces());
  EXPECT_THAT(ChangesOf("begin; insert into items select i, repeat('x', 100) from generate_series(1, 5000) i; rollback;"
                        "insert into items values (1)"),
              ElementsAre("insert items -> 1,NULL,NULL"));
  // Now and then half of a heartbeat is there.
  RunUntil([&] { return stream_->stats().bytes_in_memory == 0; });
  const std::vector<std::string> changes =
      ChangesOf("begin; insert into items select i, repeat('x', 100) from generate_series(2, 5001) i; commit");
  EXPECT_EQ(changes.size(), 5000u);
  EXPECT_EQ(changes.back(), "insert items -> 5001,100 bytes,NULL");
}

TEST_F(ChangeStreamTest, HandsOverPreparedTransactionsWhenTheyCommit) {
  Start();
  EXPECT_THAT(ChangesOf("begin; insert into items values (1); prepare transaction 'a';"
                        "begin; insert into items values (2); prepare transaction 'b'"),
              IsEmpty());
  Prepare("rollback prepared 'b'");
  EXPECT_THAT(ChangesOf("commit prepared 'a'"), ElementsAre("insert items -> 1,NULL,NULL"));
}

TEST_F(ChangeStreamTest, AHeartbeatProvesThatEverythingBeforeItCame) {
  Start();
  EXPECT_EQ(stream_->stats().breaks, 0u);
  const Clock::time_point before = Clock::now();
  Prepare("insert into items values (1)");
  const Clock::time_point after = Clock::now();
  RunUntil([&] { return stream_->fresh_at() > after; });
  EXPECT_THAT(recorder_.changes, ElementsAre("insert items -> 1,NULL,NULL"));
  EXPECT_GT(stream_->fresh_at(), before);
  EXPECT_GT(stream_->stats().delay.count(), 0);
  EXPECT_TRUE(stream_->stats().streaming);
}

TEST_F(ChangeStreamTest, NobodyElseCanMakeItLookFresh) {
  ChangeStreamOptions options = Options();
  options.heartbeat_every = std::chrono::hours(1);
  Start(options);
  RunUntil([&] { return stream_->fresh_at() != Clock::time_point::min(); });
  const Clock::time_point fresh = stream_->fresh_at();
  Prepare("select pg_logical_emit_message(true, 'pando.heartbeat', i::text) from generate_series(1, 100) i");
  Arrived();
  EXPECT_EQ(stream_->fresh_at(), fresh);
}

TEST_F(ChangeStreamTest, BeginsAnewWhenTheDatabaseRestarts) {
  Start();
  Prepare("insert into items values (1)");
  Arrived();
  // The server stops when its log has been confirmed, for which the loop must run.
  std::thread restart([] { server().Restart(); });
  RunUntil([&] { return recorder_.starts == 2; });
  restart.join();
  EXPECT_EQ(recorder_.breaks.size(), 1u);
  EXPECT_EQ(stream_->stats().breaks, 1u);
  EXPECT_THAT(ChangesOf("insert into items values (2)"), ElementsAre("insert items -> 2,NULL,NULL"));
}

TEST_F(ChangeStreamTest, BeginsAnewWhenItsConnectionIsKilled) {
  Start();
  for (int round = 2; round <= 4; ++round) {
    Prepare("select pg_terminate_backend(active_pid) from pg_replication_slots where database = current_database()");
    RunUntil([&] { return recorder_.starts == round; });
    EXPECT_THAT(ChangesOf("truncate items; insert into items values (2)"),
                ElementsAre("truncate items", "insert items -> 2,NULL,NULL"));
  }
  EXPECT_EQ(recorder_.breaks.size(), 3u);
  RunUntil([&] { return stream_->fresh_at() != Clock::time_point::min(); });
}

TEST_F(ChangeStreamTest, LeavesNothingBehindThatKeepsTheLog) {
  const std::string slots = "select count(*) from pg_replication_slots where database = current_database()";
  Start();
  EXPECT_EQ(Ask(slots), "1");
  EXPECT_EQ(Ask("select temporary from pg_replication_slots where database = current_database()"), "t");
  StopStream();
  RunUntil([&] { return Ask(slots) == "0"; });
  EXPECT_EQ(recorder_.breaks.size(), 1u);
}

TEST_F(ChangeStreamTest, LetsTheLogGoAsItHandsOver) {
  Start();
  const std::string confirmed =
      "select confirmed_flush_lsn from pg_replication_slots where database = current_database()";
  const std::string before = Ask(confirmed);
  Prepare("insert into items select i from generate_series(1, 1000) i");
  Arrived();
  RunUntil([&] { return Ask(confirmed) != before; });
}

TEST_F(ChangeStreamTest, GivesItsSlotUpRatherThanKeepTheLogWithoutBound) {
  ChangeStreamOptions options = Options();
  options.lag_bytes_max = 0;  // the heartbeat itself is more
  std::vector<uint64_t> lags;
  recorder_.on_start = [&] { lags.push_back(stream_->stats().lag_bytes); };
  Start(options);
  RunUntil([&] { return recorder_.starts == 2; });
  EXPECT_THAT(recorder_.breaks.front(), HasSubstr("gave its slot up"));
  EXPECT_THAT(lags, ElementsAre(0, 0)) << "what the one before fell behind is not this one's";
}

TEST_F(ChangeStreamTest, WaitsForTransactionsThatWereOpenAndSaysForWhich) {
  std::unique_ptr<pg::Connection> other = Connect();
  ASSERT_TRUE(Run(*other, pg::Do({pg::Sql("insert into items values (1)")}, pg::Finish::kHold)));
  std::string log;
  telemetry::SetLogSink([&](std::string_view line) { log += line; });
  ChangeStreamOptions options = Options();
  options.slot_patience = milliseconds(50);
  StartOnly(options);
  RunUntil([&] { return log.find("changes.waiting") != std::string::npos; });
  telemetry::SetLogSink({});
  EXPECT_THAT(log, HasSubstr("process " + std::to_string(other->backend_pid()) + " of postgres"));
  EXPECT_EQ(recorder_.starts, 0);
  ASSERT_TRUE(loop_.Run(other->End(true, pg::InTime())));
  RunUntil([&] { return recorder_.starts == 1; });
  EXPECT_THAT(Arrived(), IsEmpty()) << "what committed before it began is not handed over";
}

TEST_F(ChangeStreamTest, DoesWithoutWhereTheDatabaseDoesNotOfferIt) {
  Prepare(
      "drop publication pando;"
      "do $$ begin create role no_stream login; exception when duplicate_object then null; end $$");
  std::string log;
  telemetry::SetLogSink([&](std::string_view line) { log += line; });
  StartOnly(Options());
  RunUntil([&] { return log.find("create the publication") != std::string::npos; });
  // Time for some more attempts, of which nothing may come.
  const Deadline later = Deadline::After(milliseconds(300));
  RunUntil([&] { return later.passed(); });
  EXPECT_EQ(recorder_.starts, 0);
  EXPECT_FALSE(stream_->stats().streaming);
  EXPECT_EQ(log.find("changes.unavailable"), log.rfind("changes.unavailable")) << "once";
  // And begins when it does.
  Prepare("create publication pando for table items, done");
  RunUntil([&] { return recorder_.starts == 1; });
  StopStream();

  ChangeStreamOptions options = Options();
  options.connect.uri = server().uri(database_, "no_stream");
  StartOnly(options);
  RunUntil([&] { return log.find("REPLICATION") != std::string::npos; });
  telemetry::SetLogSink({});
  EXPECT_EQ(recorder_.starts, 1);
}

TEST_F(ChangeStreamTest, BreaksWhenItsPublicationIsDropped) {
  Start();
  Prepare("drop publication pando; insert into items values (1)");
  RunUntil([&] { return !recorder_.breaks.empty(); });
  EXPECT_THAT(recorder_.breaks.front(), AllOf(HasSubstr("publication"), HasSubstr("does not exist")));
}

}  // namespace
}  // namespace pando::changes
