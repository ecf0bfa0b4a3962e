#include "dependencies/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/snapshot.h"
#include "dependencies/invalidation.h"
#include "dependencies/proof.h"
#include "dependencies/tags.h"
#include "plan/test_catalog.h"
#include "serve/shape_cache.h"
#include "serve/test_rows.h"

namespace pando::serve {
namespace {

using dependencies::AnswerRule;
using dependencies::AnyChangeTag;
using dependencies::Cacheables;
using dependencies::CanonicalValue;
using dependencies::ColumnTag;
using dependencies::EqualityTag;
using dependencies::IsPlainTime;
using dependencies::RowTag;
using dependencies::TagsOf;
using dependencies::WholeTag;

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr pgtypes::Oid kClients = 1, kProjects = 2;

// Of as many columns as the first row has values.
pg::Rows TextRows(const std::vector<std::vector<const char*>>& values) {
  const size_t columns = values.empty() ? 0 : values[0].size();
  return MakeRows(std::vector<TestColumnOf>(columns, TestColumnOf{"c", pgtypes::oid::kText}), values);
}

cache::Tag Row(std::vector<std::string_view> key) { return RowTag(kProjects, key); }

constexpr pgtypes::Oid kOpen = 21, kBusy = 22;

// With a view that shows projects one for one, the key under another name, and one that looks into projects otherwise.
std::shared_ptr<const catalog::Catalog> CatalogWithViews() {
  catalog::Snapshot snapshot = plan::TestCatalog()->snapshot();
  catalog::Relation view = snapshot.relations[1];
  view.kind = catalog::Relation::Kind::kView;
  view.oid = kBusy;
  view.name.name = "busy_projects";
  snapshot.relations.push_back(view);
  view.oid = kOpen;
  view.name.name = "open_projects";
  view.columns[0].name = "number";
  view.primary_key = {"number"};
  auto shown = std::make_shared<catalog::Relation::OneForOne>();
  shown->table = kProjects;
  shown->columns = {"id", "name", "client_id", "", "created"};
  shown->key = {"number"};
  view.one_for_one = std::move(shown);
  snapshot.relations.push_back(std::move(view));
  return catalog::Catalog::Build(std::move(snapshot));
}

class CacheRuleTest : public testing::Test {
 protected:
  CacheRuleTest() {
    RestOptions options;
    options.prefix = "/";
    auto cacheables = std::make_shared<Cacheables>();
    for (const pgtypes::Oid table : {1u, kProjects, 5u}) cacheables->tables[table] = {7, true, {}};
    cacheables->tables[4] = {7, false, {}};  // its identity is all of the row
    cacheables->excluded = {"nobody", "public.tasks"};
    cacheables->tables[kOpen] = {7, true, {}};
    cacheables->tables[kBusy] = {7, false, {kProjects, 5}};
    config_ = MakeConfig(options, nullptr, CatalogWithViews(), std::move(cacheables));
  }

  // Of the shape of a request, which is remembered; its values are in `parameters_` then.
  AnswerRule RuleOf(const std::string& target) {
    http::Request request;
    request.method = "GET";
    request.target = target;
    CutRequest cut;
    EXPECT_TRUE(ShapeCache::Cut(request, "/", "anon", cut));
    for (int i = 0; i < 2; ++i) shapes_.Remember(cut, request, *config_, "anon");
    const auto recalled = shapes_.Recall(cut);
    if (!recalled) {
      AnswerRule none;
      none.why_not = Uncacheable::kFirstSight;
      return none;
    }
    parameters_ = recalled->parameters;
    return recalled->shape->cache;
  }
  std::vector<cache::Tag> TagsOfAnswer(const std::string& target, const std::vector<std::vector<const char*>>& rows) {
    const AnswerRule rule = RuleOf(target);
    EXPECT_EQ(Words(rule.why_not), "");
    return TagsOf(rule, parameters_, TextRows(rows));
  }

  std::shared_ptr<const Config> config_;
  ShapeCache shapes_;
  std::vector<sql::Parameter> parameters_;
};

TEST_F(CacheRuleTest, ARowByItsKeyDependsOnThatRow) {
  EXPECT_THAT(TagsOfAnswer("/projects?id=eq.5", {{"5", "a", "1", "{}", "x"}}),
              UnorderedElementsAre(WholeTag(kProjects), ColumnTag(kProjects, "id"), EqualityTag(kProjects, "id", "5"),
                                   Row({"5"})));
  // Also when it is not there, and does not show its key.
  EXPECT_THAT(TagsOfAnswer("/projects?select=name&id=eq.05", {}), Contains(Row({"5"})));
  EXPECT_EQ(RuleOf("/projects?id=eq.5").visible_from, 7u);
}

TEST_F(CacheRuleTest, AListDependsOnItsEqualityAndItsRows) {
  EXPECT_THAT(
      TagsOfAnswer("/projects?select=name,id&client_id=eq.3&name=neq.x&order=name&limit=9", {{"a", "5"}, {"b", "6"}}),
      UnorderedElementsAre(WholeTag(kProjects), ColumnTag(kProjects, "client_id"),
                           EqualityTag(kProjects, "client_id", "3"), Row({"5"}), Row({"6"})));
}

TEST_F(CacheRuleTest, ATextIsAnEqualityWhereItsCollationIsDeterministic) {
  EXPECT_THAT(TagsOfAnswer("/projects?name=eq.x", {{"5", "x", "1", "{}", "x"}}),
              UnorderedElementsAre(WholeTag(kProjects), ColumnTag(kProjects, "name"),
                                   EqualityTag(kProjects, "name", "x"), Row({"5"})));
}

TEST_F(CacheRuleTest, AnEmbeddedRowIsFollowedByItsKeyAndItsJoin) {
  const auto client = [](std::vector<std::string_view> key) { return RowTag(kClients, key); };
  const auto followed = testing::IsSupersetOf(
      {WholeTag(kClients), ColumnTag(kClients, "id"), EqualityTag(kClients, "id", "3"), client({"3"}), Row({"5"})});
  const char* embedded = R"({"id":3,"name":"c"})";
  EXPECT_THAT(TagsOfAnswer("/projects?select=id,clients(id,name)&id=eq.5", {{"5", embedded}}), followed);
  EXPECT_THAT(TagsOfAnswer("/projects?select=id,client_id,clients(id,name)&id=eq.5", {{"5", "3", embedded}}), followed);
  EXPECT_THAT(TagsOfAnswer("/projects?select=id,clients(key:id)&id=eq.5", {{"5", R"({"key":3})"}}), followed);
}

TEST_F(CacheRuleTest, AnEmbedWithoutARowWaitsForOne) {
  EXPECT_THAT(TagsOfAnswer("/projects?select=id,client_id,clients(id)&id=eq.5", {{"5", "3", nullptr}}),
              AllOf(Contains(EqualityTag(kClients, "id", "3")), Not(Contains(AnyChangeTag(kClients)))));
  EXPECT_THAT(TagsOfAnswer("/projects?select=id,client_id,clients(id)&id=eq.5", {{"5", nullptr, nullptr}}),
              Not(Contains(AnyChangeTag(kClients))))
      << "what is NULL joins with nothing";
  EXPECT_THAT(TagsOfAnswer("/projects?select=id,clients(id)&id=eq.5", {{"5", nullptr}}),
              Contains(AnyChangeTag(kClients)))
      << "what it would join with is not known";
}

TEST_F(CacheRuleTest, ManyEmbeddedRowsAreFollowedOneByOne) {
  const auto tags = TagsOfAnswer("/clients?select=name,projects(id,name)&id=eq.3",
                                 {{"c", R"([{"id":5,"name":"a"},{"id":6,"name":"b"}])"}});
  EXPECT_THAT(tags, testing::IsSupersetOf({WholeTag(kProjects), ColumnTag(kProjects, "client_id"),
                                           EqualityTag(kProjects, "client_id", "3"), Row({"5"}), Row({"6"})}));
  EXPECT_THAT(tags, Not(Contains(AnyChangeTag(kProjects))));
  EXPECT_THAT(TagsOfAnswer("/clients?select=name,projects(id)&id=eq.3", {{"c", "[]"}}),
              AllOf(Contains(EqualityTag(kProjects, "client_id", "3")), Not(Contains(AnyChangeTag(kProjects)))));
}

TEST_F(CacheRuleTest, EmbeddedRowsThatCannotBeNamedAreAllOfTheirTable) {
  const auto any = Contains(AnyChangeTag(kProjects));
  EXPECT_THAT(TagsOfAnswer("/clients?select=name,projects(name)&id=eq.3", {{"c", R"([{"name":"a"}])"}}), any);
  EXPECT_THAT(TagsOfAnswer("/clients?select=name,projects(id:name)&id=eq.3", {{"c", R"([{"id":"a"}])"}}), any);
  EXPECT_THAT(TagsOfAnswer("/clients?select=name,projects(id,id:name)&id=eq.3", {{"c", R"([{"id":5,"id":"a"}])"}}),
              any);
  EXPECT_THAT(TagsOfAnswer("/clients?select=name,projects(id)&id=eq.3", {{"c", R"([{"id":5.5}])"}}), any);
  EXPECT_THAT(TagsOfAnswer("/clients?select=name,projects(id)&id=eq.3", {{"c", "no JSON"}}), any);
  EXPECT_THAT(TagsOfAnswer("/clients?select=name,projects(id)&name=eq.c", {{"c", R"([{"id":5}])"}}), any)
      << "the join value is not known";
  std::string many = "[";
  for (int i = 0; i < 300; ++i) many += std::string(i == 0 ? "" : ",") + "{\"id\":" + std::to_string(i) + "}";
  many += "]";
  EXPECT_THAT(TagsOfAnswer("/clients?select=name,projects(id)&id=eq.3", {{"c", many.c_str()}}), any);
}

TEST_F(CacheRuleTest, AViewThatShowsATableOneForOneDependsOnThatTablesRows) {
  EXPECT_THAT(TagsOfAnswer("/open_projects?number=eq.5", {{"5", "a", "1", "{}", "x"}}),
              UnorderedElementsAre(WholeTag(kProjects), ColumnTag(kProjects, "id"), EqualityTag(kProjects, "id", "5"),
                                   Row({"5"})));
  EXPECT_THAT(TagsOfAnswer("/open_projects?select=n:number&client_id=eq.3", {{"5"}, {"6"}}),
              UnorderedElementsAre(WholeTag(kProjects), ColumnTag(kProjects, "client_id"),
                                   EqualityTag(kProjects, "client_id", "3"), Row({"5"}), Row({"6"})));
  EXPECT_THAT(TagsOfAnswer("/open_projects?order=number", {}),
              UnorderedElementsAre(WholeTag(kProjects), AnyChangeTag(kProjects)));
}

TEST_F(CacheRuleTest, AnyOtherViewDependsOnEveryChangeOfWhatItLooksInto) {
  EXPECT_THAT(TagsOfAnswer("/busy_projects?id=eq.5", {}),
              UnorderedElementsAre(WholeTag(kBusy), AnyChangeTag(kBusy), WholeTag(kProjects), AnyChangeTag(kProjects),
                                   WholeTag(5), AnyChangeTag(5)));
}

TEST_F(CacheRuleTest, OneWithoutAnEqualityOrAKeyDependsOnEveryChange) {
  const auto all = UnorderedElementsAre(WholeTag(kProjects), AnyChangeTag(kProjects));
  EXPECT_THAT(TagsOfAnswer("/projects?order=id&limit=9", {}), all);
  EXPECT_THAT(TagsOfAnswer("/projects?id=gt.5", {}), all);
  EXPECT_THAT(TagsOfAnswer("/projects?id=not.eq.5", {}), all);
  EXPECT_THAT(TagsOfAnswer("/projects?or=(id.eq.5,client_id.eq.3)", {}), all);
  EXPECT_THAT(TagsOfAnswer("/projects?name=eq." + std::string(257, 'x'), {}), all) << "a long value";
  EXPECT_THAT(TagsOfAnswer("/projects?name=eq.", {}), all);
  EXPECT_THAT(TagsOfAnswer("/projects?id=eq.x", {}), all) << "no number";
  EXPECT_THAT(TagsOfAnswer("/projects?select=name&client_id=eq.3", {{"a"}}), Contains(AnyChangeTag(kProjects)));
  EXPECT_THAT(TagsOfAnswer("/users?id=eq.5", {}), ElementsAre(WholeTag(4), AnyChangeTag(4))) << "not told by key";
}

TEST_F(CacheRuleTest, ATableWithPartitionsDependsOnTheirChanges) {
  auto cacheables = std::make_shared<Cacheables>();
  cacheables->tables = {{kProjects, {7, false, {21, 22}}}, {kClients, {9, true, {}}}};
  config_ = MakeConfig(config_->rest, nullptr, plan::TestCatalog(), std::move(cacheables));
  EXPECT_THAT(TagsOfAnswer("/projects?id=eq.5", {{"5", "a", "1", "{}", "x"}}),
              testing::IsSupersetOf({AnyChangeTag(kProjects), AnyChangeTag(21), AnyChangeTag(22), WholeTag(22)}));
  EXPECT_THAT(TagsOfAnswer("/clients?select=id,projects(id)&id=eq.3", {{"3", R"([{"id":5}])"}}),
              testing::IsSupersetOf(
                  {AnyChangeTag(kProjects), AnyChangeTag(21), AnyChangeTag(22), EqualityTag(kClients, "id", "3")}));
  EXPECT_EQ(RuleOf("/clients?select=id,projects(id)&id=eq.3").visible_from, 9u);
}

TEST_F(CacheRuleTest, AKeyOfTwoColumnsIsInTheOrderOfTheTable) {
  const std::vector<std::string_view> key = {"1", "2"};
  EXPECT_THAT(TagsOfAnswer("/users_tasks?select=task_id,user_id&user_id=eq.1", {{"2", "1"}}), Contains(RowTag(5, key)));
}

TEST_F(CacheRuleTest, EmbedsOfEmbedsAreFollowedThroughTheirRows) {
  const char* embedded = R"([{"id":5,"clients":{"id":3,"name":"c"}},{"id":6,"clients":{"id":4,"name":"d"}}])";
  const auto tags = TagsOfAnswer("/clients?select=name,projects(id,clients(id,name))&id=eq.3", {{"c", embedded}});
  EXPECT_THAT(tags, testing::IsSupersetOf({EqualityTag(kProjects, "client_id", "3"), Row({"5"}), Row({"6"}),
                                           EqualityTag(kClients, "id", "4")}));
  EXPECT_THAT(tags, Not(Contains(AnyChangeTag(kClients))));
  EXPECT_THAT(TagsOfAnswer("/clients?select=name,projects(id,client_id,clients(name))&id=eq.3",
                           {{"c", R"([{"id":5,"client_id":null,"clients":null}])"}}),
              Not(Contains(AnyChangeTag(kClients))))
      << "what is NULL joins with nothing";
  EXPECT_THAT(
      TagsOfAnswer("/clients?select=name,projects(id,clients(name))&id=eq.3", {{"c", R"([{"id":5,"clients":null}])"}}),
      AllOf(Contains(AnyChangeTag(kClients)), Contains(AnyChangeTag(kProjects))))
      << "what it would join with is not known";
  EXPECT_THAT(TagsOfAnswer("/clients?select=name,projects(name,clients(id))&id=eq.3", {{"c", "[]"}}),
              Contains(AnyChangeTag(kClients)))
      << "the rows between do not show their keys";
}

TEST_F(CacheRuleTest, WhatIsOnlyLookedAtCountsWithEveryChange) {
  const auto any = AllOf(Contains(AnyChangeTag(kClients)), Contains(WholeTag(kClients)));
  EXPECT_THAT(TagsOfAnswer("/projects?select=id,clients!inner(id)&id=eq.5", {{"5", R"({"id":3})"}}),
              AllOf(any, Contains(Row({"5"})), Not(Contains(AnyChangeTag(kProjects)))));
  EXPECT_THAT(TagsOfAnswer("/projects?select=id,clients()&id=eq.5", {{"5"}}), any);
  EXPECT_THAT(TagsOfAnswer("/projects?select=id,...clients(client:name)&id=eq.5", {{"1"}}), any);
  // Rows that are not shown have embeds too.
  EXPECT_THAT(TagsOfAnswer("/projects?select=id,clients(id)&clients=not.is.null&id=eq.5", {{"5", R"({"id":3})"}}),
              AllOf(any, Contains(AnyChangeTag(kProjects))));
  EXPECT_THAT(TagsOfAnswer("/projects?select=id,clients(id)&order=clients(id)&limit=1", {{"5", R"({"id":3})"}}),
              AllOf(any, Contains(AnyChangeTag(kProjects))));
  EXPECT_THAT(TagsOfAnswer("/projects?select=id,clients(id)&clients.offset=1&id=eq.5", {{"5", R"({"id":3})"}}), any);
  EXPECT_THAT(TagsOfAnswer("/clients?select=name,projects(id,settings->a)&id=eq.3", {{"c", "[]"}}),
              Contains(AnyChangeTag(kProjects)));
  EXPECT_THAT(TagsOfAnswer("/users_tasks?select=task_id,user_id,users(id)&user_id=eq.1", {{"2", "1", R"({"id":1})"}}),
              Contains(AnyChangeTag(4)))
      << "not told by key";
}

TEST_F(CacheRuleTest, WhatDependsOnRowsThatItDoesNotShowDependsOnEveryChange) {
  for (const char* target : {
           "/projects?id=eq.5&offset=3",
           "/projects?select=id::text&id=eq.5",
           "/projects?select=settings->a&id=eq.5",
       }) {
    EXPECT_THAT(TagsOfAnswer(target, {{"5"}}), UnorderedElementsAre(WholeTag(kProjects), AnyChangeTag(kProjects)))
        << target;
  }
}

TEST_F(CacheRuleTest, OperatorsOfPostgresAreFollowed) {
  for (const char* target : {
           "/projects?name=like.a*&id=eq.5",
           "/projects?name=imatch.a&id=eq.5",
           "/projects?name=fts.a&id=eq.5",
           "/projects?settings->>a=eq.7&id=eq.5",
           "/projects?settings->a=eq.7&id=eq.5",
           "/projects?order=settings->a&id=eq.5",
           "/projects?or=(name.like.a*,name.is.null)&id=eq.5",
       }) {
    EXPECT_THAT(TagsOfAnswer(target, {{"5", "a", "1", "{}", "x"}}),
                AllOf(Contains(EqualityTag(kProjects, "id", "5")), Not(Contains(AnyChangeTag(kProjects)))))
        << target;
  }
}

TEST_F(CacheRuleTest, WhatCannotBeProvenIsNotKept) {
  for (const char* target : {
           "/tasks?id=eq.5",                       // neither plain
           "/projects?select=*,tasks(*)&id=eq.5",  // nor below
           "/clients?select=*,projects(*,tasks(*))&id=eq.5",
           "/users?select=*,tasks(*)&id=eq.5",
           "/rpc/search_projects?term=x",
       }) {
    EXPECT_NE(RuleOf(target).why_not, Uncacheable::kNo) << target;
  }
}

TEST(CacheProofTest, TimesArePlainWhenTheyAreOneInstantOrReading) {
  for (const char* text : {"2026-11-28", "2026-11-28T17:05", "2026-11-28 17:05:06", "2026-11-28T17:05:06.123456Z",
                           "2026-11-28T17:05:06+02", "2026-11-28T17:05:06-02:30"}) {
    EXPECT_TRUE(IsPlainTime(text)) << text;
  }
  for (const char* text :
       {"", "now", "today", "2026-11-28 now", "epoch", "26-11-28", "2026-1-28", "2026-11-28T", "2026-11-28T17",
        "2026-11-28T17:05:", "2026-11-28T17:05:06.", "2026-11-28T17:05:06 CET", "2026-11-28 BC", "2026-11-28T17:05:06+",
        "2026-11-28T17:05:06+2", " 2026-11-28", "2026-11-28 ", "infinity"}) {
    EXPECT_FALSE(IsPlainTime(text)) << text;
  }
}

// -------------------------------------------------------------------------------------------------------------- tags

TEST(CacheTagsTest, ValuesAreMadeCanonical) {
  namespace oid = pgtypes::oid;
  EXPECT_EQ(CanonicalValue(oid::kInt4, "5"), "5");
  EXPECT_EQ(CanonicalValue(oid::kInt4, "+005"), "5");
  EXPECT_EQ(CanonicalValue(oid::kInt4, " -5 "), "-5");
  EXPECT_EQ(CanonicalValue(oid::kInt8, "9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(CanonicalValue(oid::kBool, "true"), "t");
  EXPECT_EQ(CanonicalValue(oid::kUuid, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  EXPECT_EQ(CanonicalValue(oid::kText, " X "), " X ");
  EXPECT_EQ(CanonicalValue(oid::kVarchar, std::string(256, 'x')), std::string(256, 'x'));
  EXPECT_EQ(CanonicalValue(oid::kVarchar, std::string(257, 'x')), "");
  for (const auto& [type, text] : {std::pair{oid::kInt4, ""},
                                   {oid::kInt4, "5.0"},
                                   {oid::kInt4, "3000000000"},
                                   {oid::kInt2, "40000"},
                                   {oid::kInt4, "5x"},
                                   {oid::kInt4, "+-5"},
                                   {oid::kBool, "maybe"},
                                   {oid::kUuid, "a0eebc999c0b4ef8bb6d6bb9bd380a11"},
                                   {oid::kBpchar, "x"}}) {
    EXPECT_EQ(CanonicalValue(type, text), "") << text;
  }
}

TEST(CacheTagsTest, DifferentThingsHaveDifferentTags) {
  const std::vector<std::vector<std::string_view>> keys = {
      {"1"}, {"2"}, {"1", "2"}, {"12"}, {"", "12"}, {"12", ""}, {}, {"12345678"}, {"123456789"}, {"12345678", "9"}};
  std::set<cache::Tag> tags = {WholeTag(1),
                               WholeTag(2),
                               AnyChangeTag(1),
                               ColumnTag(1, "a"),
                               ColumnTag(1, "b"),
                               EqualityTag(1, "a", "1"),
                               EqualityTag(1, "a1", ""),
                               EqualityTag(2, "a", "1")};
  for (const auto& key : keys) tags.insert(RowTag(1, key));
  EXPECT_EQ(tags.size(), 8 + keys.size());
  EXPECT_EQ(WholeTag(1), WholeTag(1));
}

// ------------------------------------------------------------------------------------------------------ invalidation

class InvalidationTest : public testing::Test {
 protected:
  using Change = changes::Change;
  using Cell = changes::Cell;

  static changes::Row Values(std::initializer_list<const char*> texts) {
    changes::Row row;
    for (const char* text : texts) {
      row.push_back(text ? changes::Value{Cell::Kind::kText, text} : changes::Value{Cell::Kind::kNull, ""});
    }
    return row;
  }
  std::vector<cache::Tag> Of(Change change) {
    change.table = table_;
    changes::Transaction transaction;
    transaction.changes.push_back(std::move(change));
    return dependencies::InvalidatedBy(transaction);
  }

  const std::shared_ptr<const changes::Table> table_ =
      std::make_shared<changes::Table>(changes::Table{kProjects,
                                                      "public",
                                                      "projects",
                                                      changes::ReplicaIdentity::kDefault,
                                                      {{"id", true, pgtypes::oid::kInt4},
                                                       {"client_id", false, pgtypes::oid::kInt4},
                                                       {"name", false, pgtypes::oid::kText}}});
};

TEST_F(InvalidationTest, AnInsertSatisfiesEqualities) {
  const std::string long_text(257, 'x');
  EXPECT_THAT(Of({Change::Kind::kInsert, nullptr, std::nullopt, false, Values({"5", "3", "x"})}),
              UnorderedElementsAre(AnyChangeTag(kProjects), Row({"5"}), EqualityTag(kProjects, "id", "5"),
                                   EqualityTag(kProjects, "client_id", "3"), EqualityTag(kProjects, "name", "x")));
  EXPECT_THAT(Of({Change::Kind::kInsert, nullptr, std::nullopt, false, Values({"5", "3", long_text.c_str()})}),
              UnorderedElementsAre(AnyChangeTag(kProjects), Row({"5"}), EqualityTag(kProjects, "id", "5"),
                                   EqualityTag(kProjects, "client_id", "3")))
      << "nothing is chosen by so long a text";
}

TEST_F(InvalidationTest, AnUpdateTellsTheRowAsItWasAndAsItIs) {
  const auto tags =
      Of({Change::Kind::kUpdate, nullptr, Values({"5", nullptr, nullptr}), true, Values({"6", "4", "x"})});
  EXPECT_THAT(tags, Contains(Row({"5"})));
  EXPECT_THAT(tags, Contains(Row({"6"})));
  EXPECT_THAT(tags, Contains(EqualityTag(kProjects, "client_id", "4")));
}

TEST_F(InvalidationTest, AValueThatIsNotToldSatisfiesEveryEqualityOfItsColumn) {
  Change change{Change::Kind::kUpdate, nullptr, std::nullopt, false, Values({"5", "3", "x"})};
  (*change.after)[1].kind = Cell::Kind::kUnchanged;
  const auto tags = Of(std::move(change));
  EXPECT_THAT(tags, Contains(ColumnTag(kProjects, "client_id")));
  EXPECT_THAT(tags, Not(Contains(ColumnTag(kProjects, "id"))));
}

TEST_F(InvalidationTest, ADeleteTellsItsKeyAndATruncateTheTable) {
  EXPECT_THAT(Of({Change::Kind::kDelete, nullptr, Values({"5", nullptr, nullptr}), true, std::nullopt}),
              UnorderedElementsAre(AnyChangeTag(kProjects), Row({"5"})));
  EXPECT_THAT(Of({Change::Kind::kTruncate, nullptr, std::nullopt, false, std::nullopt}),
              ElementsAre(WholeTag(kProjects)));
}

TEST_F(InvalidationTest, TablesThatAreNotListedAreDroppedWhole) {
  changes::Transaction transaction;
  transaction.unlisted = {kProjects};
  EXPECT_THAT(dependencies::InvalidatedBy(transaction), ElementsAre(WholeTag(kProjects)));
  EXPECT_THAT(dependencies::InvalidatedBy(changes::Transaction()), IsEmpty());
}

}  // namespace
}  // namespace pando::serve
