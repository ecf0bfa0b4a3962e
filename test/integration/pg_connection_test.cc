#include <cstdlib>

#include "integration/pg_fixture.h"
#include "pg/quote.h"

namespace pando::pg {
namespace {

using testing::HasSubstr;

class PgConnectionTest : public PgTest {};

TEST_F(PgConnectionTest, StartsWithTheSettingsThatAnswersDependOn) {
  Prepare("alter role postgres set datestyle = 'German'; alter role postgres set bytea_output = 'escape'");
  auto connection = Connect();
  Prepare("alter role postgres reset all");

  EXPECT_EQ(Value(*connection, "show datestyle"), "ISO, MDY");
  EXPECT_EQ(Value(*connection, "select 'a'::bytea"), "\\x61");
  EXPECT_EQ(Value(*connection, "show client_encoding"), "UTF8");
  EXPECT_EQ(Value(*connection, "show application_name"), "pando");
  EXPECT_GE(connection->server_version(), 140000);
  EXPECT_EQ(Value(*connection, "select pg_backend_pid()"), std::to_string(connection->backend_pid()));
}

TEST_F(PgConnectionTest, HonoursTheEnvironmentTheUriAndItsOwnParameters) {
  setenv("PGOPTIONS", "-c search_path=public,test", 1);
  setenv("PGTZ", "utc", 1);
  ConnectOptions options;
  options.uri = uri();
  options.parameters = {{"app.settings.note", "two words"}};
  auto from_environment = loop_.Run(Connection::Open(options, InTime()));
  options.uri += "&options=-c%20work_mem%3D5MB";
  auto from_uri = loop_.Run(Connection::Open(options, InTime()));
  unsetenv("PGOPTIONS");
  unsetenv("PGTZ");

  ASSERT_TRUE(from_environment && from_uri);
  EXPECT_EQ(Value(**from_environment, "show search_path"), "public,test");
  EXPECT_EQ(Value(**from_environment, "show timezone"), "UTC");
  EXPECT_EQ(Value(**from_environment, "show app.settings.note"), "two words");
  EXPECT_EQ(Value(**from_uri, "show work_mem"), "5MB");
  EXPECT_EQ(Value(**from_uri, "show datestyle"), "ISO, MDY");
}

TEST_F(PgConnectionTest, HoldsNoMoreOfAnswersThanThereIsRoomFor) {
  ConnectOptions options;
  options.uri = uri();
  options.memory = std::make_shared<MemoryBudget>(16 << 20);
  Prepare("create table written (id int)");
  const auto open = [&] { return std::move(loop_.Run(Connection::Open(options, InTime())).value()); };

  auto connection = open();
  EXPECT_EQ(Value(*connection, "select repeat('x', 6000000)").size(), 6'000'000u);
  EXPECT_EQ(options.memory->used(), 0u) << "given on with the rows";
  EXPECT_TRUE(Run(*connection, Do({Sql("select repeat('x', 1000) from generate_series(1, 5000)")})));

  MemoryCharge others(options.memory);
  others.Hold(8 << 20);
  EXPECT_THAT(Run(*connection, Do({Sql("select repeat('x', 6000000)")})), FailsWith(ErrorId::kHttpOverloaded));
  EXPECT_FALSE(connection->usable());
  connection = open();
  EXPECT_THAT(Run(*connection, Do({Sql("select repeat('x', 1000) from generate_series(1, 6000)")})),
              FailsWith(ErrorId::kHttpOverloaded));
  connection = open();
  EXPECT_EQ(Value(*connection, "select repeat('x', 100000)").size(), 100'000u) << "what is small needs no room";
  others.Hold(0);
  EXPECT_THAT(Run(*connection, Do({Sql("with made as (insert into written values (1) returning id) "
                                       "select repeat('x', 50000000) from made")})),
              FailsWith(ErrorId::kHttpAnswerTooLarge));
  EXPECT_EQ(options.memory->used(), 0u);
  EXPECT_EQ(options.memory->refusals(), 3u);
  const std::string running = "select count(*) from pg_stat_activity where query like 'with made%'";
  RunUntil([&] { return Ask(running) == "0"; });
  EXPECT_EQ(Ask("select count(*) from written"), "0") << "undone";
}

TEST_F(PgConnectionTest, SaysWhyItCouldNotConnect) {
  ConnectOptions options;
  options.uri = server().uri("no_such_database");
  EXPECT_THAT(loop_.Run(Connection::Open(options, InTime())), RefusedWith("3D000"));
  options.uri = "postgres:///x?host=/nonexistent";
  EXPECT_THAT(loop_.Run(Connection::Open(options, InTime())), FailsWith(ErrorId::kDatabaseUnreachable));
  options.uri = "postgres://name.invalid/x";
  EXPECT_THAT(loop_.Run(Connection::Open(options, InTime())), FailsWith(ErrorId::kDatabaseUnreachable));
  options.uri = "postgres://%zz";
  EXPECT_THAT(loop_.Run(Connection::Open(options, InTime())), FailsWith(ErrorId::kConfigInvalid));
  options.uri = uri();
  EXPECT_THAT(loop_.Run(Connection::Open(options, Deadline::After(seconds(0)))),
              FailsWith(ErrorId::kDatabaseUnreachable));
}

TEST_F(PgConnectionTest, AnswersOneRowsForEachCommand) {
  auto connection = Connect();

  auto rows = Run(*connection, Do({Sql("create table t (a int, b text)"),
                                   Sql("insert into t values ($1, $2), (2, null)", {"1", "one"}),
                                   Sql("select a, b as \"B c\" from t order by a")}));

  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ(rows->at(1).affected(), 2);
  const Rows& selected = rows->at(2);
  EXPECT_EQ(selected.size(), 2);
  EXPECT_EQ(selected.column_name(1), "B c");
  EXPECT_EQ(selected.FindColumn("B c"), 1);
  EXPECT_EQ(selected.FindColumn("b c"), -1);
  EXPECT_EQ(selected.Text(0, 1), "one");
  EXPECT_EQ(selected.Get(1, 1), std::nullopt);
}

TEST_F(PgConnectionTest, CommitsAllOfAnExchangeOrNothing) {
  Prepare("create table t (a int primary key)");
  auto connection = Connect();

  auto failed = Run(*connection, Do({Sql("insert into t values (1)"), Sql("insert into t values (1)")}));
  EXPECT_THAT(failed, RefusedWith("23505"));
  EXPECT_THAT(failed.error().detail().value_or(""), HasSubstr("already exists"));
  EXPECT_EQ(Ask("select count(*) from t"), "0");
  EXPECT_TRUE(connection->usable());

  EXPECT_TRUE(Run(*connection, Do({Sql("insert into t values (1)"), Sql("insert into t values (2)")})));
  EXPECT_EQ(Ask("select count(*) from t"), "2");
}

TEST_F(PgConnectionTest, ReportsADeferredConstraintThatFailsAtCommit) {
  Prepare("create table t (a int unique deferrable initially deferred)");
  auto connection = Connect();

  EXPECT_THAT(Run(*connection, Do({Sql("insert into t values (1), (1)")})), RefusedWith("23505"));
  EXPECT_THAT(Run(*connection, Do({Sql("insert into t values (1), (1)")}, Finish::kRollback)), RefusedWith("23505"));
  EXPECT_EQ(Value(*connection, "select count(*) from t"), "0");
}

TEST_F(PgConnectionTest, RollsBackWhatWasOnlyToBeTried) {
  Prepare("create table t (a int)");
  auto connection = Connect();

  auto tried = Run(*connection, Do({Sql("insert into t values (1) returning a")}, Finish::kRollback));

  ASSERT_TRUE(tried);
  EXPECT_EQ(tried->size(), 1u);
  EXPECT_EQ(tried->at(0).Text(0, 0), "1");
  EXPECT_TRUE(connection->usable());
  EXPECT_EQ(Value(*connection, "select count(*) from t"), "0");
}

TEST_F(PgConnectionTest, HoldsATransactionUntilItIsEnded) {
  Prepare("create table t (a int)");
  auto connection = Connect();

  ASSERT_TRUE(Run(*connection, Do({Sql("insert into t values (1)")}, Finish::kHold)));
  EXPECT_FALSE(connection->usable());
  EXPECT_EQ(Ask("select count(*) from t"), "0");
  ASSERT_TRUE(loop_.Run(connection->End(true, InTime())));
  EXPECT_TRUE(connection->usable());
  EXPECT_EQ(Ask("select count(*) from t"), "1");

  ASSERT_TRUE(Run(*connection, Do({Sql("insert into t values (2)")}, Finish::kHold)));
  ASSERT_TRUE(loop_.Run(connection->End(false, InTime())));
  EXPECT_EQ(Ask("select count(*) from t"), "1");
}

TEST_F(PgConnectionTest, HoldsNothingWhenTheHeldCommandFails) {
  auto connection = Connect();

  EXPECT_THAT(Run(*connection, Do({Sql("select 1/0")}, Finish::kHold)), RefusedWith("22012"));
  EXPECT_TRUE(connection->usable());
  EXPECT_EQ(Value(*connection, "select 1"), "1");
}

TEST_F(PgConnectionTest, ReportsADeferredConstraintThatFailsWhenAHeldTransactionEnds) {
  Prepare("create table t (a int unique deferrable initially deferred)");
  auto connection = Connect();

  ASSERT_TRUE(Run(*connection, Do({Sql("insert into t values (1), (1)")}, Finish::kHold)));
  EXPECT_THAT(loop_.Run(connection->End(true, InTime())), RefusedWith("23505"));
  EXPECT_TRUE(connection->usable());
}

TEST_F(PgConnectionTest, RefusesZeroBytesRatherThanCuttingTheText) {
  auto connection = Connect();

  EXPECT_THAT(Run(*connection, Do({Sql("select $1::text", {std::string("a\0b", 3)})})), RefusedWith("22021"));
  EXPECT_THAT(Run(*connection, Do({Sql(std::string("select 1\0", 9))})), RefusedWith("22021"));
  EXPECT_EQ(Value(*connection, "select 1"), "1");
}

TEST_F(PgConnectionTest, RefusesMoreParametersThanTheProtocolHolds) {
  auto connection = Connect();

  EXPECT_THAT(Run(*connection, Do({Sql("select 1", std::vector<Parameter>(65536))})), RefusedWith("54000"));
  EXPECT_EQ(Value(*connection, "select 1"), "1");
}

TEST_F(PgConnectionTest, CarriesParametersAndResultsThatAreLargerThanEveryBuffer) {
  auto connection = Connect();
  std::string large(64 << 20, 'x');
  large[12345] = 'y';

  auto echoed = Run(*connection, Do({Sql("select $1::text", {large})}));

  ASSERT_TRUE(echoed);
  EXPECT_TRUE(echoed->at(0).Text(0, 0) == large);
}

TEST_F(PgConnectionTest, DoesNotDeadlockWhenAnswersFillTheSocketWhileMuchIsStillToBeSent) {
  auto connection = Connect();
  std::vector<Command> commands;
  for (int i = 0; i < 8; ++i) {
    commands.push_back(Sql("select repeat('r', 4000000)"));
    commands.push_back(Sql("select length($1::text)", {std::string(4000000, 'p')}));
  }

  auto rows = Run(*connection, Do(std::move(commands)));

  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->at(14).Text(0, 0).size(), 4000000u);
  EXPECT_EQ(rows->at(15).Text(0, 0), "4000000");
}

TEST_F(PgConnectionTest, ReadsResultsOfManyRows) {
  auto connection = Connect();

  auto rows = Run(*connection, Do({Sql("select i, i::text || 'x' from generate_series(1, 300000) i")}));

  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->at(0).size(), 300000);
  EXPECT_EQ(rows->at(0).Text(299999, 1), "300000x");
}

TEST_F(PgConnectionTest, GivesUpAConnectionWhoseCommandAsksForACopy) {
  Prepare("create table t (a int)");
  auto connection = Connect();

  EXPECT_FALSE(Run(*connection, Do({Sql("copy t from stdin")})));
  EXPECT_FALSE(connection->usable());
}

TEST_F(PgConnectionTest, RunsAnEmptyExchange) {
  auto connection = Connect();

  auto rows = Run(*connection, Do({}));

  ASSERT_TRUE(rows);
  EXPECT_TRUE(rows->empty());
}

TEST_F(PgConnectionTest, RunsAScriptAsOneTransaction) {
  auto connection = Connect();

  EXPECT_TRUE(loop_.Run(connection->RunScript("create table t (a int); insert into t values (1);", InTime())));
  EXPECT_EQ(Ask("select count(*) from t"), "1");
  auto failed = loop_.Run(connection->RunScript("insert into t values (2);\n\nselekt 1", InTime()));
  EXPECT_THAT(failed, RefusedWith("42601"));
  EXPECT_EQ(failed.error().detail().value_or(""), "at line 3");
  EXPECT_EQ(Ask("select count(*) from t"), "1");
  EXPECT_THAT(loop_.Run(connection->RunScript("begin; insert into t values (3)", InTime())), RefusedWith("25001"));
  EXPECT_EQ(Ask("select count(*) from t"), "1");
  EXPECT_THAT(loop_.Run(connection->RunScript("copy t from stdin", InTime())), RefusedWith("57014"));
  EXPECT_TRUE(loop_.Run(connection->RunScript("", InTime())));
  EXPECT_EQ(Value(*connection, "select 1"), "1");
}

TEST_F(PgConnectionTest, HearsNotifications) {
  auto listener = Connect();
  ASSERT_TRUE(Run(*listener, Do({Sql("listen news")})));

  EXPECT_THAT(loop_.Run(listener->WaitNotification(Deadline::After(std::chrono::milliseconds(1)))),
              FailsWith(ErrorId::kRequestDeadline));
  Prepare("notify news, 'first'; notify news, 'second'");

  auto first = loop_.Run(listener->WaitNotification(InTime()));
  auto second = loop_.Run(listener->WaitNotification(InTime()));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->channel, "news");
  EXPECT_EQ(first->payload, "first");
  EXPECT_EQ(second->payload, "second");
}

TEST_F(PgConnectionTest, KeepsNotificationsThatArriveDuringAnExchange) {
  auto listener = Connect();
  ASSERT_TRUE(Run(*listener, Do({Sql("listen news")})));
  ASSERT_TRUE(Run(*listener, Do({Sql("notify news, 'own'")})));

  auto heard = loop_.Run(listener->WaitNotification(InTime()));

  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->payload, "own");
}

TEST_F(PgConnectionTest, StopsWaitingForNotificationsWhenTheServerGoesOrTheTaskIsCancelled) {
  auto listener = Connect();
  Spawned<Result<Notification>> cancelled(loop_, listener->WaitNotification(Deadline::Never()));
  loop_.Poll();
  cancelled.Cancel();
  EXPECT_THAT(cancelled.Await(loop_), FailsWith(ErrorId::kRequestCancelled));
  EXPECT_TRUE(listener->usable());

  Spawned<Result<Notification>> lost(loop_, listener->WaitNotification(Deadline::Never()));
  loop_.Poll();
  Prepare("select pg_terminate_backend(" + std::to_string(listener->backend_pid()) + ")");
  EXPECT_THAT(lost.Await(loop_), FailsWith(ErrorId::kDatabaseConnectionLost));
  EXPECT_FALSE(listener->usable());
}

TEST(PgQuoting, SurvivesTheServer) {
  test::TestPostgres& server = test::TestPostgres::Instance();
  for (const std::string text : {"plain", "it's", "back\\slash", "\\'", "\"", "a\nb", "ä€😀", "'; drop table t; --"}) {
    EXPECT_EQ(server.Query("postgres", "select " + QuoteLiteral(text)), text);
    EXPECT_EQ(server.Query("postgres", "set standard_conforming_strings = off; select " + QuoteLiteral(text)), text);
    EXPECT_EQ(server.Query("postgres", "select column_name from (select 1 as " + QuoteIdentifier(text) +
                                           ") t, lateral (select key from json_each(row_to_json(t))) k(column_name)"),
              text);
  }
}

}  // namespace
}  // namespace pando::pg
