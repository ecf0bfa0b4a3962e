// What the change stream needs in the database: the epoch and the publication, and that neither is ever in a user's
// way.

#include "changes/install.h"

#include <deque>

#include "changes/publication.h"
#include "integration/pg_fixture.h"
#include "pg/connection.h"

namespace pando::changes {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

PublishOptions OfPublic() {
  PublishOptions options;
  options.schemas = {"public"};
  return options;
}

class TrackingSchemaTest : public pg::PgTest {
 protected:
  Result<Installed> InstallNow() {
    const std::unique_ptr<pg::Connection> connection = Connect();
    return loop_.Run(Install(*connection, pg::InTime()));
  }
  Publication PublishNow(std::vector<std::string> schemas = {"public"}) {
    const std::unique_ptr<pg::Connection> connection = Connect();
    PublishOptions options;
    options.schemas = std::move(schemas);
    Result<Publication> published = loop_.Run(Publish(*connection, std::move(options), pg::InTime()));
    EXPECT_TRUE(published) << published.error().ToString();
    return published ? *published : Publication();
  }
  void Begin(const std::string& schema) {
    Prepare(schema);
    const Result<Installed> installed = InstallNow();
    ASSERT_TRUE(installed) << installed.error().ToString();
    ASSERT_TRUE(installed->triggers);
    PublishNow();
  }

  std::string Published() {
    return Ask(
        "select string_agg(tablename, ' ' order by tablename) from pg_publication_tables where pubname = 'pando'"
        " and schemaname <> 'pando_changes'");
  }
  // How many rows the script adds to the epoch.
  int Noted(const std::string& script) {
    const int before = std::stoi(Ask("select count(*) from pando_changes.epoch"));
    Prepare(script);
    return std::stoi(Ask("select count(*) from pando_changes.epoch")) - before;
  }
};

// ------------------------------------------------------------------------------------------------------------- epoch

TEST_F(TrackingSchemaTest, InstallsOnceAndThenLeavesTheDatabaseAlone) {
  ASSERT_TRUE(InstallNow());
  EXPECT_TRUE(InstallNow()->triggers);
  EXPECT_EQ(Ask("select count(*) from pando_changes.epoch"), "0");
  EXPECT_EQ(Ask("select count(*) from pg_event_trigger where evtname like 'pando_changes%' and evtenabled = 'A'"), "3");
}

TEST_F(TrackingSchemaTest, LeavesALaterVersionAsItIs) {
  ASSERT_TRUE(InstallNow());
  Prepare(
      "drop event trigger pando_changes_start;"
      "comment on function pando_changes.note_end() is 'of a later version';"
      "comment on table pando_changes.epoch is 'version 99'");
  const std::string noted = Ask("select count(*) from pando_changes.epoch");
  const Result<Installed> installed = InstallNow();
  ASSERT_TRUE(installed) << installed.error().ToString();
  EXPECT_TRUE(installed->triggers);
  EXPECT_EQ(Ask("select obj_description('pando_changes.note_end()'::regprocedure)"), "of a later version");
  EXPECT_EQ(Ask("select count(*) from pg_event_trigger where evtname like 'pando_changes%'"), "2");
  EXPECT_EQ(Ask("select count(*) from pando_changes.epoch"), noted);
  Prepare("alter event trigger pando_changes_end disable");
  EXPECT_FALSE(InstallNow()->triggers) << "what is disabled notes nothing";
}

TEST_F(TrackingSchemaTest, AServerThatWaitedForALaterOneInstallsNothing) {
  ASSERT_TRUE(InstallNow());
  Prepare("comment on table pando_changes.epoch is 'version 1'");
  const std::unique_ptr<pg::Connection> later = Connect(), ours = Connect();
  ASSERT_TRUE(loop_.Run(later->Run(pg::Do({pg::Sql("lock table pando_changes.epoch in share update exclusive mode"),
                                           pg::Sql("comment on table pando_changes.epoch is 'version 99'")},
                                          pg::Finish::kHold),
                                   pg::InTime())));
  pg::Spawned<Result<Installed>> installing(loop_, Install(*ours, pg::InTime()));
  while (Ask("select count(*) from pg_locks where not granted") == "0") loop_.Poll();
  ASSERT_TRUE(loop_.Run(later->End(true, pg::InTime())));
  EXPECT_TRUE(installing.Await(loop_));
  EXPECT_EQ(Ask("select obj_description('pando_changes.epoch'::regclass)"), "version 99");
}

TEST_F(TrackingSchemaTest, ServersFromBeforeVersionsWereCountedLeaveItAlone) {
  ASSERT_TRUE(InstallNow());
  // They look for this, and for their three triggers.
  EXPECT_EQ(Ask("select obj_description('pando_changes'::regnamespace)"), "pando changes 3");
  Prepare("comment on table pando_changes.epoch is null");
  ASSERT_TRUE(InstallNow());
  EXPECT_EQ(Ask("select obj_description('pando_changes.epoch'::regclass)"), "version 5");
}

TEST_F(TrackingSchemaTest, SeveralServersInstallAtTheSameTime) {
  std::vector<std::unique_ptr<pg::Connection>> connections;
  std::deque<pg::Spawned<Result<Installed>>> installing;
  for (int i = 0; i < 4; ++i) {
    connections.push_back(Connect());
    installing.emplace_back(loop_, Install(*connections.back(), pg::InTime()));
  }
  int done = 0;
  for (auto& one : installing) done += one.Await(loop_) ? 1 : 0;
  EXPECT_GE(done, 1);
  // Who lost the race is told, and finds everything in place the next time.
  const Result<Installed> again = InstallNow();
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_TRUE(again->triggers);
}

TEST_F(TrackingSchemaTest, ItsServersShareASecretThatNobodyElseReads) {
  Prepare(
      "do $$ begin create role default_reader; exception when duplicate_object then null; end $$;"
      "alter default privileges grant all on tables to default_reader; alter default privileges grant all on tables to "
      "public");
  const Result<Installed> installed = InstallNow();
  ASSERT_TRUE(installed);
  EXPECT_GE(installed->secret.size(), 64u);
  EXPECT_EQ(InstallNow()->secret, installed->secret);
  EXPECT_EQ(
      Ask("select has_table_privilege('default_reader', 'pando_changes.fleet', 'select, insert, update, delete')"),
      "f");
  EXPECT_EQ(Ask("select relrowsecurity from pg_class where oid = 'pando_changes.fleet'::regclass"), "t");
  Prepare(
      "alter default privileges revoke all on tables from default_reader;"
      "alter default privileges revoke all on tables from public");
}

TEST_F(TrackingSchemaTest, AnOwnerWhoIsNoSuperuserGoesWithoutTriggers) {
  Prepare(
      "do $$ begin create role tracker login; exception when duplicate_object then null; end $$;"
      "grant create on database " +
      database_ + " to tracker");
  pg::ConnectOptions options;
  options.uri = server().uri(database_, "tracker");
  Result<std::unique_ptr<pg::Connection>> connection =
      loop_.Run(pg::Connection::Open(std::move(options), pg::InTime()));
  ASSERT_TRUE(connection);
  const Result<Installed> installed = loop_.Run(Install(**connection, pg::InTime()));
  ASSERT_TRUE(installed) << installed.error().ToString();
  EXPECT_FALSE(installed->triggers);
  EXPECT_TRUE(loop_.Run(Publish(**connection, OfPublic(), pg::InTime())));
  EXPECT_FALSE(loop_.Run(Install(**connection, pg::InTime()))->triggers);
}

TEST_F(TrackingSchemaTest, NotesEachChangeOfTheSchema) {
  Begin("create table items (id int primary key, name text); create role some_reader");
  for (const char* ddl : {
           "create table others (id int)",
           "alter table items add column note text",
           "create function f() returns int language sql as 'select 1'",
           "create policy p on items using (true)",
           "grant select on items to some_reader",
           "comment on table items is 'x'",
           "create view v as select * from items",
           "drop view v",
           "create materialized view m as select * from items",
           "create index concurrently items_name on items (name)",
           "drop index concurrently items_name",
           "drop function f()",
           "drop table others",
           "drop owned by some_reader",  // takes its rights away
           "create table made_from as select * from items",
       }) {
    EXPECT_GE(Noted(ddl), 1) << ddl;
  }
  Prepare("drop role some_reader");
}

TEST_F(TrackingSchemaTest, NotesTheTransactionThatDidIt) {
  Begin("create table items (id int primary key)");
  Prepare("begin; savepoint s; alter table items add column a int; release s; insert into items values (1); commit");
  EXPECT_EQ(Ask("select (array_agg(xid::text order by id desc))[1] = (select xmin::text from items) from "
                "pando_changes.epoch"),
            "t");
  EXPECT_EQ(Noted("begin; savepoint s; alter table items add column b int; release s; rollback"), 0);
}

TEST_F(TrackingSchemaTest, DoesNotNoteWhatIsTemporary) {
  Begin("create table items (id int primary key)");
  EXPECT_EQ(Noted("create temp table scratch (id int); create index on scratch (id); drop table scratch"), 0);
  EXPECT_EQ(Noted("create temp table scratch as select 1 as id"), 0);
  EXPECT_EQ(Noted("insert into items values (1)"), 0);
  EXPECT_EQ(Noted("vacuum items"), 0);
}

TEST_F(TrackingSchemaTest, ARefreshNamesItsView) {
  Begin("create materialized view m as select 1 as id");
  EXPECT_EQ(Noted("refresh materialized view m"), 1);
  EXPECT_EQ(Ask("select refreshed = 'm'::regclass from pando_changes.epoch order by id desc limit 1"), "t");
}

TEST_F(TrackingSchemaTest, NotesDetachConcurrentlyBeforeItHidesRows) {
  Begin(
      "create table parts (id int, primary key (id)) partition by range (id);"
      "create table part_1 partition of parts for values from (0) to (10)");
  EXPECT_GE(Noted("alter table parts detach partition part_1 concurrently"), 1);
}

TEST_F(TrackingSchemaTest, NotesWhereOrdinaryTriggersAreOff) {
  Begin("create table items (id int primary key)");
  EXPECT_GE(Noted("set session_replication_role = replica; alter table items add column a int"), 1);
}

TEST_F(TrackingSchemaTest, ConcurrentChangesDoNotWaitForEachOther) {
  Begin("create table a (id int primary key); create table b (id int primary key)");
  const std::unique_ptr<pg::Connection> one = Connect(), other = Connect();
  ASSERT_TRUE(
      loop_.Run(one->Run(pg::Do({pg::Sql("alter table a add column x int")}, pg::Finish::kHold), pg::InTime())));
  EXPECT_TRUE(loop_.Run(other->Run(pg::Do({pg::Sql("alter table b add column x int")}), pg::InTime())));
  EXPECT_TRUE(loop_.Run(one->End(true, pg::InTime())));
}

TEST_F(TrackingSchemaTest, NeverFailsAUsersStatement) {
  Begin("create table items (id int primary key)");
  Prepare("alter table pando_changes.epoch rename to gone");
  Prepare("alter table items add column a int; create table more (id int); drop table more");
  Prepare("drop schema pando_changes cascade");
  Prepare("alter table items add column b int; create table more (id int); drop table more");
  ASSERT_TRUE(InstallNow());
  EXPECT_GE(Noted("alter table items add column c int"), 1);
}

TEST_F(TrackingSchemaTest, AnybodyMayAskForTheEpochAndNobodyMayWriteIt) {
  Begin("do $$ begin create role nobody_special; exception when duplicate_object then null; end $$");
  EXPECT_EQ(Ask("set role nobody_special; select count(*) from pando_changes.epoch"), "0");
  EXPECT_EQ(
      Ask("select has_table_privilege('nobody_special', 'pando_changes.epoch', 'insert, update, delete, truncate')"
          " or has_function_privilege('nobody_special', 'pando_changes.withdraw()', 'execute')"),
      "f");
}

// ------------------------------------------------------------------------------------------------------- publication

TEST_F(TrackingSchemaTest, PublishesWhatIsExposedOneByOne) {
  Begin(
      "create table items (id int primary key);"
      "create table whole (name text); alter table whole replica identity full;"
      "create table by_index (code text not null unique); alter table by_index replica identity using index "
      "by_index_code_key;"
      "create schema hidden; create table hidden.secret (id int primary key);"
      "create table parts (id int primary key) partition by range (id);"
      "create table part_1 partition of parts for values from (0) to (10);"
      "create table hidden.part_2 partition of parts for values from (10) to (20);"
      "create table parent (id int primary key); create table child (primary key (id)) inherits (parent);"
      "create view v as select * from items");
  EXPECT_EQ(Published(), "by_index child items parent part_1 part_2 whole");
  EXPECT_EQ(PublishNow().tables.size(), 7u);
  EXPECT_EQ(PublishNow({"public", "hidden"}).tables.size(), 8u);
  // Servers that expose different schemas do not take each other's tables away.
  EXPECT_EQ(PublishNow({"hidden"}).tables.size(), 8u);
}

TEST_F(TrackingSchemaTest, AViewOfTheEpochIsInNobodysWay) {
  Begin("create table items (id int primary key)");
  Prepare("create view ddl as select * from pando_changes.epoch; create table more (id int primary key)");
  PublishNow();
  EXPECT_EQ(Published(), "items more");
}

TEST_F(TrackingSchemaTest, SaysWhatKeepsATableOut) {
  Begin(
      "create table keyless (name text); create unlogged table fast (id int primary key);"
      "create table nothing (id int primary key); alter table nothing replica identity nothing;"
      "create table late (id int primary key deferrable);"
      "create table \"O\"\"dd\" (name text)");
  const Publication publication = PublishNow();
  EXPECT_THAT(publication.tables, IsEmpty());
  std::vector<std::string> cures;
  for (const Unpublished& table : publication.unpublished) cures.push_back(Cure(table, "r"));
  EXPECT_THAT(cures,
              ElementsAre("ALTER TABLE public.keyless ADD PRIMARY KEY (...), or ALTER TABLE public.keyless REPLICA "
                          "IDENTITY FULL",
                          "ALTER TABLE public.fast SET LOGGED",
                          "ALTER TABLE public.nothing ADD PRIMARY KEY (...), or ALTER TABLE public.nothing REPLICA "
                          "IDENTITY FULL",
                          "ALTER TABLE public.late ADD PRIMARY KEY (...), or ALTER TABLE public.late REPLICA "
                          "IDENTITY FULL",
                          "ALTER TABLE public.\"O\"\"dd\" ADD PRIMARY KEY (...), or ALTER TABLE public.\"O\"\"dd\" "
                          "REPLICA IDENTITY FULL"));
}

TEST_F(TrackingSchemaTest, AnUpdateOfATableWithoutIdentityStillWorks) {
  Begin("create table keyless (name text); insert into keyless values ('a')");
  Prepare("update keyless set name = 'b'; delete from keyless");
}

// Each takes the identity away; with the table published, the UPDATE behind it would fail.
TEST_F(TrackingSchemaTest, ATableThatLosesItsIdentityLeavesInTheSameTransaction) {
  for (const char* ddl : {
           "alter table items drop constraint items_pkey",
           "alter table items replica identity nothing",
           "alter table items alter column id drop identity if exists, drop constraint items_pkey",
           "alter table items replica identity using index items_code; drop index items_code",
           "alter table items set unlogged",
           "alter table items drop column id",
       }) {
    Prepare(
        "drop table if exists items; create table items (id int primary key, code text not null, name text);"
        "create unique index items_code on items (code); insert into items values (1, 'a', 'b')");
    if (Published().empty()) {
      ASSERT_TRUE(InstallNow());
      PublishNow();
    }
    ASSERT_EQ(Published(), "items");
    Prepare(std::string("begin; ") + ddl + "; update items set name = 'c'; delete from items; commit");
    EXPECT_EQ(Published(), "") << ddl;
  }
}

// The log of version 15 does not tell generated columns, and version 18 refuses the UPDATE.
TEST_F(TrackingSchemaTest, ATableWhoseIdentityIsGeneratedStaysOut) {
  Begin(
      "create table items (base int not null, code int generated always as (base * 2) stored primary key);"
      "create table named (base int not null unique, code int generated always as (base * 2) stored primary key);"
      "alter table named replica identity using index named_base_key;"
      "create table covered (base int, code int generated always as (base * 2) stored, primary key (base) include "
      "(code));");
  EXPECT_EQ(Published(), "covered named");
  const Publication publication = PublishNow();
  ASSERT_EQ(publication.unpublished.size(), 1u);
  EXPECT_EQ(publication.unpublished.front().reason, Unpublished::Reason::kGenerated);
  EXPECT_EQ(Cure(publication.unpublished.front(), publication.role),
            "ALTER TABLE public.items REPLICA IDENTITY USING INDEX ... (a unique index without generated columns)");
  Prepare("alter table items alter column code drop expression");
  PublishNow();
  EXPECT_EQ(Published(), "covered items named");
}

TEST_F(TrackingSchemaTest, ATableWhoseIdentityBecomesGeneratedLeavesInTheSameTransaction) {
  Begin("create table items (id int primary key, name text); insert into items values (1, 'a')");
  ASSERT_EQ(Published(), "items");
  Prepare(
      "begin; alter table items drop constraint items_pkey,"
      " add column code int generated always as (id) stored primary key; update items set name = 'c'; commit");
  EXPECT_EQ(Published(), "");
}

TEST_F(TrackingSchemaTest, ATableThatAnEarlierVersionPutsBackIsNotTakenOutAgain) {
  Begin("create table items (base int not null, code int generated always as (base * 2) stored primary key)");
  Prepare("alter publication pando add table items");
  PublishOptions options = OfPublic();
  for (const char* published : {"", "items", "items"}) {
    const std::unique_ptr<pg::Connection> connection = Connect();
    const Result<Publication> publication = loop_.Run(Publish(*connection, PublishOptions(options), pg::InTime()));
    ASSERT_TRUE(publication) << publication.error().ToString();
    EXPECT_EQ(Published(), published);
    EXPECT_TRUE(publication->tables.empty());
    EXPECT_EQ(publication->unpublished.size(), *published ? 1u : 0u);
    options.withdrawn = publication->withdrawn;
    if (!*published) Prepare("alter publication pando add table items");
  }
  Prepare("alter table items alter column code drop expression");
  const std::unique_ptr<pg::Connection> connection = Connect();
  const Result<Publication> publication = loop_.Run(Publish(*connection, std::move(options), pg::InTime()));
  EXPECT_EQ(publication->tables.size(), 1u);
  EXPECT_TRUE(publication->unpublished.empty());
}

TEST_F(TrackingSchemaTest, WhatSomebodyAlteredOfThePublicationIsRestored) {
  Begin("create table items (id int primary key, name text); create table others (id int primary key)");
  const auto restored = [&] {
    const Publication publication = PublishNow();
    EXPECT_EQ(publication.tables.size(), 2u);
    return publication.was_restored;
  };
  EXPECT_FALSE(restored());
  for (const char* ddl : {
           "alter publication pando set (publish = 'insert')",
           "alter publication pando set (publish = '')",
           "alter publication pando set (publish_via_partition_root = true)",
           "alter publication pando drop table items; alter publication pando add table items (id)",
           "alter publication pando drop table items; alter publication pando add table items where (id > 3)",
       }) {
    const std::string version = PublishNow().version;
    Prepare(ddl);
    EXPECT_TRUE(restored()) << ddl;
    EXPECT_FALSE(restored()) << ddl;
    if (std::string_view(ddl).find("set (") != std::string_view::npos) EXPECT_NE(PublishNow().version, version) << ddl;
  }
  EXPECT_EQ(Ask("select concat(pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot) from pg_publication"
                " where pubname = 'pando'"),
            "ttttf");
}

TEST_F(TrackingSchemaTest, APublicationThatIsGoneIsMadeAgain) {
  for (const char* ddl : {
           "drop publication pando",
           "alter publication pando rename to another",
           "alter publication pando drop table pando_changes.epoch",
           "alter publication pando drop table pando_changes.epoch;"
           "alter publication pando add table pando_changes.epoch where (id > 3)",
       }) {
    Prepare("drop publication if exists another");
    Begin("create table if not exists items (id int primary key)");
    Prepare(ddl);
    ASSERT_TRUE(InstallNow());
    EXPECT_EQ(PublishNow().tables.size(), 1u) << ddl;
  }
  Prepare("drop publication if exists another");
}

TEST_F(TrackingSchemaTest, APublicationOfAllTablesIsNotOurs) {
  Begin("");
  Prepare("drop publication pando; create publication pando for all tables");
  const Result<Installed> refused = InstallNow();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().hint(), "run DROP PUBLICATION pando; Pando then creates its own");
}

// PostgreSQL refuses it to a published table; the text of the client's statement names the call alone.
TEST_F(TrackingSchemaTest, ATableBecomesUnloggedInAFunctionAsWell) {
  constexpr const char* kFunctions =
      "create or replace function f_plain() returns void language plpgsql as $$ begin alter table items set unlogged; "
      "end $$;"
      "create or replace function f_dynamic(name text, how text) returns void language plpgsql as $$ begin "
      "execute format('alter table %I set un%s', name, how); end $$;"
      "create or replace function f_sql() returns void language sql as $$ alter table items set unlogged $$;"
      "create or replace function f_nested() returns void language plpgsql as $$ begin perform f_sql(); end $$;"
      "create or replace procedure f_procedure() language plpgsql as $$ begin alter table items set unlogged; end $$;";
  for (const char* call : {
           "select f_plain()",
           "select f_dynamic('items', 'logged')",
           "select f_sql()",
           "select f_nested()",
           "call f_procedure()",
           "do $$ begin execute 'alter table it' || 'ems set un' || 'logged'; end $$",
       }) {
    Prepare("drop table if exists items; create table items (id int primary key); insert into items values (1)");
    Prepare(kFunctions);
    if (Published().empty()) {
      ASSERT_TRUE(InstallNow());
      PublishNow();
    }
    ASSERT_EQ(Published(), "items");
    Prepare(std::string("begin; ") + call + "; update items set id = 2; commit");
    EXPECT_EQ(Published(), "") << call;
    Prepare("alter table items set logged");
    PublishNow();
    EXPECT_EQ(Published(), "items") << call;
  }
}

TEST_F(TrackingSchemaTest, ATableOfAnyNameBecomesUnlogged) {
  Begin("create table \"O\"\"dd\" (id int primary key); create table others (id int primary key)");
  ASSERT_EQ(Published(), "O\"dd others");
  Prepare("begin; alter table \"O\"\"dd\" set unlogged; insert into \"O\"\"dd\" values (1); commit");
  EXPECT_EQ(Published(), "others");
}

TEST_F(TrackingSchemaTest, PartitionsLoseTheirIdentityWithTheirRoot) {
  Begin(
      "create table parts (id int constraint parts_key primary key, name text) partition by range (id);"
      "create table part_1 partition of parts for values from (0) to (10); insert into parts values (1, 'a')");
  ASSERT_EQ(Published(), "part_1");
  Prepare("begin; alter table parts drop constraint parts_key; update parts set name = 'b'; commit");
  EXPECT_EQ(Published(), "");
}

TEST_F(TrackingSchemaTest, ALockedTableIsPublishedLater) {
  Begin("create table items (id int primary key)");
  Prepare("create table busy (id int primary key)");
  const std::unique_ptr<pg::Connection> holder = Connect(), publisher = Connect();
  ASSERT_TRUE(loop_.Run(holder->Run(pg::Do({pg::Sql("lock table busy")}, pg::Finish::kHold), pg::InTime())));
  const Result<Publication> refused = loop_.Run(Publish(*publisher, OfPublic(), pg::InTime()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().sqlstate(), "55P03");
  ASSERT_TRUE(loop_.Run(holder->End(true, pg::InTime())));
  EXPECT_EQ(PublishNow().tables.size(), 2u);
}

TEST_F(TrackingSchemaTest, SeveralServersPublishAtTheSameTime) {
  Begin("");
  for (int i = 0; i < 20; ++i) Prepare("create table t" + std::to_string(i) + " (id int primary key)");
  std::vector<std::unique_ptr<pg::Connection>> connections;
  std::deque<pg::Spawned<Result<Publication>>> publishing;
  for (int i = 0; i < 4; ++i) {
    connections.push_back(Connect());
    publishing.emplace_back(loop_, Publish(*connections.back(), OfPublic(), pg::InTime()));
  }
  for (auto& one : publishing) {
    Result<Publication>& published = one.Await(loop_);
    ASSERT_TRUE(published) << published.error().ToString();
    EXPECT_EQ(published->tables.size(), 20u);
  }
}

TEST_F(TrackingSchemaTest, ItsSnapshotTellsWhoWasOpenBefore) {
  Begin("create table items (id int primary key)");
  const std::unique_ptr<pg::Connection> writer = Connect();
  ASSERT_TRUE(
      loop_.Run(writer->Run(pg::Do({pg::Sql("select pg_current_xact_id()")}, pg::Finish::kHold), pg::InTime())));
  Prepare("create table later (id int primary key)");
  const Publication publication = PublishNow();
  EXPECT_EQ(publication.tables.size(), 2u);
  EXPECT_EQ(Ask("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint < " +
                std::to_string(publication.snapshot_xmax)),
            "t");
  ASSERT_TRUE(loop_.Run(writer->End(true, pg::InTime())));
  EXPECT_EQ(Ask("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= " +
                std::to_string(publication.snapshot_xmax)),
            "t");
}

}  // namespace
}  // namespace pando::changes
