// Migrations against a real PostgreSQL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdlib>
#include <fstream>

#include "migrate/migrator.h"
#include "net/test_loop.h"
#include "pg/connection.h"
#include "support/test_postgres.h"

namespace pando::migrate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class MigrateTest : public testing::Test {
 protected:
  MigrateTest() : database_(test::TestPostgres::Instance().CreateDatabase()) {
    std::string name = (std::filesystem::temp_directory_path() / "pando-migrate-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    connection_ = Connect();
    guard_ = Connect();
  }
  ~MigrateTest() override { std::filesystem::remove_all(folder_); }

  static Deadline Soon() { return Deadline::After(std::chrono::seconds(60)); }

  std::unique_ptr<pg::Connection> Connect() {
    pg::ConnectOptions options;
    options.uri = test::TestPostgres::Instance().uri(database_);
    auto connection = loop_.Run(pg::Connection::Open(std::move(options), Soon()));
    PANDO_ASSERT(connection.has_value());
    return std::move(*connection);
  }

  void Write(const std::string& file, const std::string& text) { std::ofstream(folder_ / file) << text; }
  void Remove(const std::string& file) { std::filesystem::remove(folder_ / file); }

  // "N applied", or the Error.
  std::string Up() {
    const auto result =
        loop_.Run(pando::migrate::Up(*connection_, *guard_, ReadMigrations(folder_).value(), nullptr, Soon()));
    return result ? std::to_string(*result) + " applied" : result.error().ToString();
  }

  std::vector<std::string> States() {
    auto result = loop_.Run(pando::migrate::Status(*connection_, ReadMigrations(folder_).value(), Soon()));
    std::vector<std::string> states;
    for (const MigrationStatus& status : result.value()) {
      states.push_back(status.label + " " + std::string(ToString(status.state)));
    }
    return states;
  }

  static Task<void> UpInto(pg::Connection& connection, pg::Connection& guard, std::vector<Migration> files,
                           std::vector<std::string>* outcomes) {
    const Result<size_t> applied = co_await pando::migrate::Up(connection, guard, std::move(files), nullptr, Soon());
    outcomes->push_back(applied ? std::to_string(*applied) : applied.error().ToString());
  }

  // Two migrators at the same moment: what each applied, the first to end first.
  std::vector<std::string> UpTwice() {
    const std::unique_ptr<pg::Connection> other = Connect(), other_guard = Connect();
    const std::vector<Migration> files = ReadMigrations(folder_).value();
    std::vector<std::string> outcomes;
    boost::asio::co_spawn(loop_.context(), UpInto(*connection_, *guard_, files, &outcomes), boost::asio::detached);
    boost::asio::co_spawn(loop_.context(), UpInto(*other, *other_guard, files, &outcomes), boost::asio::detached);
    loop_.context().restart();
    while (outcomes.size() < 2 && loop_.context().run_one() > 0) {
    }
    return outcomes;
  }

  std::string Query(const std::string& sql) { return test::TestPostgres::Instance().Query(database_, sql); }

  const std::string database_;
  std::filesystem::path folder_;
  test::TestLoop loop_;
  std::unique_ptr<pg::Connection> connection_, guard_;
};

TEST_F(MigrateTest, AppliesWhatIsPendingInOrderAndOnce) {
  Write("0001_a.sql", "create table a (id int);\ninsert into a values (1); -- the first");
  Write("0002_b.sql", "alter table a rename to b");
  EXPECT_EQ(Up(), "2 applied");
  EXPECT_EQ(Up(), "0 applied");
  Write("0003_c.sql", "insert into b values (2);");
  EXPECT_THAT(States(), ElementsAre("0001_a.sql applied", "0002_b.sql applied", "0003_c.sql pending"));
  EXPECT_EQ(Up(), "1 applied");
  EXPECT_EQ(Query("select string_agg(id::text, ',' order by id) from b"), "1,2");
  EXPECT_EQ(Query("select string_agg(version || name, ',' order by version) from pando.migrations"), "1a,2b,3c");
}

TEST_F(MigrateTest, StatusLeavesADatabaseUntouched) {
  Write("0001_a.sql", "create table a ()");
  EXPECT_THAT(States(), ElementsAre("0001_a.sql pending"));
  EXPECT_EQ(Query("select count(*) from pg_namespace where nspname = 'pando'"), "0");
}

TEST_F(MigrateTest, AFailureNamesFileAndLineAndRollsBack) {
  Write("0001_a.sql", "create table a (id int);");
  Write("0002_b.sql", "create table b (id int);\n\ninsert into a\n  values (nonsense);\n");
  Write("0003_c.sql", "create table c (id int);");
  const std::string error = Up();
  EXPECT_THAT(error, HasSubstr("0002_b.sql:4: column \"nonsense\" does not exist"));
  EXPECT_THAT(error, HasSubstr("SQLSTATE 42703; rolled back"));
  EXPECT_THAT(States(), ElementsAre("0001_a.sql applied", "0002_b.sql pending", "0003_c.sql pending"));
  EXPECT_EQ(Query("select to_regclass('b')"), "");

  Write("0002_b.sql", "create table b (id int);");
  EXPECT_EQ(Up(), "2 applied");
}

TEST_F(MigrateTest, AConstraintThatIsDeferredFailsTheMigrationThatBreaksIt) {
  Write("0001_a.sql",
        "create table a (id int primary key, next int references a deferrable initially deferred);\n"
        "insert into a values (1, 2);");
  EXPECT_THAT(Up(), HasSubstr("0001_a.sql: insert or update on table \"a\" violates foreign key constraint"));
  EXPECT_EQ(Query("select to_regclass('a')"), "");
}

TEST_F(MigrateTest, RefusesChangedMissingAndSkippedFiles) {
  Write("0001_a.sql", "create table a ();");
  Write("0003_c.sql", "create table c ();");
  ASSERT_EQ(Up(), "2 applied");

  Write("0001_a.sql", "create table a (id int);");
  EXPECT_THAT(Up(), HasSubstr("changed after they were applied: 0001_a.sql"));
  Write("0001_a.sql", "create table a ();");
  Write("0002_b.sql", "create table b ();");
  EXPECT_THAT(Up(), HasSubstr("not applied, and older than one that is: 0002_b.sql"));
  Remove("0002_b.sql");
  Remove("0003_c.sql");
  EXPECT_THAT(Up(), HasSubstr("applied, and their files are gone: 0003_c"));
  EXPECT_EQ(Query("select to_regclass('b')"), "");
}

TEST_F(MigrateTest, RunsWithoutATransactionWhatAsksForIt) {
  Write("0001_a.sql", "create table a (id int);");
  Write("0002_b.sql", "-- pando: no-transaction\ncreate index concurrently a_id on a (id);\nvacuum a;\n");
  EXPECT_EQ(Up(), "2 applied");
  Write("0003_c.sql", "-- pando: no-transaction\ncreate table c ();\n\nselect\n  nonsense;\n");
  EXPECT_THAT(Up(), HasSubstr("0003_c.sql:5: column \"nonsense\" does not exist"));
  EXPECT_NE(Query("select to_regclass('c')"), "");
  EXPECT_THAT(States(), ElementsAre("0001_a.sql applied", "0002_b.sql applied", "0003_c.sql pending"));
}

TEST_F(MigrateTest, WhatOneSetsDoesNotReachTheNext) {
  Write("0001_a.sql", "create role " + database_ + "_role; set role " + database_ +
                          "_role; select set_config('search_path', '', false); set statement_timeout = '1h'");
  Write("0002_b.sql", "create table b as select current_setting('statement_timeout') as timeout");
  EXPECT_EQ(Up(), "2 applied");
  EXPECT_EQ(Query("select timeout from public.b"), "0");
}

TEST_F(MigrateTest, TwoAtOnceTakeTurns) {
  Write("0001_a.sql", "create table a (); select pg_sleep(0.3);");
  Write("0002_b.sql", "-- pando: no-transaction\ncreate index concurrently on pando.migrations (name);");
  EXPECT_THAT(UpTwice(), ElementsAre("2", "0"));
}

TEST_F(MigrateTest, TwoAtOnceTakeTurnsThoughOneGivesUpTheLocksOfItsSession) {
  Write("0001_a.sql", "select pg_advisory_unlock_all(); create table a (); select pg_sleep(0.3);");
  Write("0002_b.sql",
        "-- pando: no-transaction\ndiscard all;\ncreate table b ();\nselect pg_sleep(0.3);\nselect "
        "pg_advisory_unlock_all();\nselect pg_sleep(0.3);\n");
  Write("0003_c.sql", "create table c (); select pg_sleep(0.3);");
  EXPECT_THAT(UpTwice(), ElementsAre("3", "0"));
}

TEST_F(MigrateTest, NothingIsAppliedWithoutTheLock) {
  Write("0001_a.sql",
        "create table a (); select pg_terminate_backend(pid, 60000) from pg_locks where locktype = 'advisory' "
        "and database = (select oid from pg_database where datname = current_database());");
  Write("0002_b.sql", "create table b ();");
  EXPECT_THAT(Up(), HasSubstr("the connection that keeps other migrators away is lost"));
  EXPECT_THAT(States(), ElementsAre("0001_a.sql applied", "0002_b.sql pending"));
}

TEST_F(MigrateTest, ATransactionOfItsOwnIsSentAsOne) {
  Write("0001_a.sql",
        "-- pando: no-transaction\nbegin;\ncreate table a (id int);\ninsert into a values (1);\ncommit;\n"
        "start transaction;\ninsert into a values (2);\nrollback;\nvacuum a;\n");
  EXPECT_EQ(Up(), "1 applied");
  EXPECT_EQ(Query("select string_agg(id::text, ',') from a"), "1");
  Write("0002_b.sql",
        "-- pando: no-transaction\nselect 1;\nbegin;\ninsert into a values (3);\nselect nonsense;\ncommit;");
  EXPECT_THAT(Up(), HasSubstr("0002_b.sql:5: column \"nonsense\" does not exist"));
  EXPECT_EQ(Query("select string_agg(id::text, ',') from a"), "1");
}

TEST_F(MigrateTest, AChangeOfTheUserDoesNotKeepItFromBeingRecorded) {
  const std::string role = database_ + "_user";
  Write("0001_a.sql", "create role " + role + "; set session authorization " + role + ";");
  Write("0002_b.sql", "-- pando: no-transaction\nset session authorization " + role + ";");
  EXPECT_EQ(Up(), "2 applied");
}

TEST_F(MigrateTest, TemporaryTablesOfOneHideNothingFromTheNext) {
  Write("0001_a.sql", "create table public.a (id int); create temporary table a (other int);");
  Write("0002_b.sql", "alter table a add name text;");
  EXPECT_EQ(Up(), "2 applied");
  EXPECT_EQ(Query("select count(*) from information_schema.columns where table_name = 'a'"), "2");
}

TEST_F(MigrateTest, TheNumberOfAnEmptyFolderIsNothing) {
  EXPECT_EQ(Up(), "0 applied");
  EXPECT_THAT(States(), testing::IsEmpty());
}

}  // namespace
}  // namespace pando::migrate
