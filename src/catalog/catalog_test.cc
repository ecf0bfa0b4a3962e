#include "catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/snapshot.h"

namespace pando::catalog {
namespace {

using ::testing::Optional;

Relation Table(std::string schema, std::string name, std::vector<std::string> columns = {}) {
  Relation relation;
  relation.name = {std::move(schema), std::move(name)};
  for (std::string& column : columns) relation.columns.emplace_back().name = std::move(column);
  return relation;
}

Type TypeOf(Oid oid, std::string schema, std::string name, std::string sql) {
  Type type;
  type.oid = oid;
  type.name = {std::move(schema), std::move(name)};
  type.sql = std::move(sql);
  return type;
}

Function FunctionOf(std::string name, std::vector<std::string> arguments) {
  Function function;
  function.name = {"api", std::move(name)};
  for (std::string& argument : arguments) {
    function.arguments.emplace_back().name = argument;
    function.arguments.back().sql_type = "text";
  }
  return function;
}

TEST(Catalog, FindsRelationsAndTheirColumnsByName) {
  Snapshot snapshot;
  snapshot.relations = {Table("api", "films", {"id", "title"}), Table("other", "films", {"x"})};

  const auto catalog = Catalog::Build(std::move(snapshot));

  const Relation* films = catalog->FindRelation("api", "films");
  ASSERT_NE(films, nullptr);
  EXPECT_EQ(films->FindColumn("title"), 1);
  EXPECT_EQ(films->FindColumn("x"), -1);
  EXPECT_EQ(films->Get("id"), &films->columns[0]);
  EXPECT_EQ(films->Get("nothing"), nullptr);
  EXPECT_EQ(catalog->FindRelation("api", "missing"), nullptr);
  EXPECT_NE(catalog->FindRelation("other", "films"), films);
}

TEST(Catalog, ListsOverloadsWithFewerArgumentsFirst) {
  Snapshot snapshot;
  snapshot.functions = {FunctionOf("f", {"b", "c"}), FunctionOf("f", {"z"}), FunctionOf("f", {"a"})};

  const auto catalog = Catalog::Build(std::move(snapshot));

  const std::vector<const Function*> overloads = catalog->FunctionsNamed("api", "f", "anon");
  ASSERT_EQ(overloads.size(), 3u);
  EXPECT_EQ(overloads[0]->arguments[0].name, "a");
  EXPECT_EQ(overloads[1]->arguments[0].name, "z");
  EXPECT_EQ(overloads[2]->arguments.size(), 2u);
  EXPECT_TRUE(catalog->FunctionsNamed("api", "g", "anon").empty());
}

TEST(Catalog, FollowsDomainsDownToTheirBaseType) {
  Snapshot snapshot;
  Type inner = TypeOf(101, "api", "inner", "api.inner");
  Type outer = TypeOf(102, "api", "outer", "api.outer");
  inner.kind = outer.kind = Type::Kind::kDomain;
  inner.base = 25;
  outer.base = 101;
  snapshot.types = {TypeOf(25, "pg_catalog", "text", "text"), inner, outer};

  const auto catalog = Catalog::Build(std::move(snapshot));

  EXPECT_EQ(catalog->BaseType(102), 25u);
  EXPECT_EQ(catalog->BaseType(25), 25u);
  EXPECT_EQ(catalog->BaseType(999), 999u);
}

class CastTargetTest : public ::testing::Test {
 protected:
  std::optional<std::string> Find(std::string_view written) {
    return Catalog::Build(snapshot_)->FindCastTarget(written);
  }

  Snapshot snapshot_ = [] {
    Snapshot snapshot;
    snapshot.exposed_schemas = {"api", "v2"};
    snapshot.extra_search_path = {"extensions"};
    snapshot.types = {TypeOf(23, "pg_catalog", "int4", "integer"),
                      TypeOf(1043, "pg_catalog", "varchar", "character varying"),
                      TypeOf(1042, "pg_catalog", "bpchar", "bpchar"),
                      TypeOf(18, "pg_catalog", "char", "\"char\""),
                      TypeOf(1184, "pg_catalog", "timestamptz", "timestamp with time zone"),
                      TypeOf(600, "api", "color", "api.color"),
                      TypeOf(601, "hidden", "secret", "hidden.secret"),
                      TypeOf(602, "extensions", "citext", "extensions.citext"),
                      TypeOf(603, "api", "size", "api.size"),
                      TypeOf(604, "v2", "size", "v2.size")};
    return snapshot;
  }();
};

TEST_F(CastTargetTest, KnowsBuiltInTypesByEachOfTheirSpellings) {
  EXPECT_THAT(Find("int"), Optional(std::string("integer")));
  EXPECT_THAT(Find("int4"), Optional(std::string("integer")));
  EXPECT_THAT(Find("INTEGER"), Optional(std::string("integer")));
  EXPECT_THAT(Find("varchar"), Optional(std::string("character varying")));
  EXPECT_THAT(Find(" character   varying "), Optional(std::string("character varying")));
  EXPECT_THAT(Find("timestamp with time zone"), Optional(std::string("timestamp with time zone")));
  EXPECT_THAT(Find("int[]"), Optional(std::string("integer[]")));
}

TEST_F(CastTargetTest, GivesCharTheLengthThatSqlGivesIt) {
  EXPECT_THAT(Find("char"), Optional(std::string("character(1)")));
  EXPECT_THAT(Find("bpchar"), Optional(std::string("bpchar")));
}

TEST_F(CastTargetTest, QualifiesTypesOfExposedSchemasAndOfTheExtraPath) {
  EXPECT_THAT(Find("color"), Optional(std::string("api.color")));
  EXPECT_THAT(Find("citext"), Optional(std::string("extensions.citext")));
}

TEST_F(CastTargetTest, LeavesATypeOfSeveralSchemasToTheSearchPath) {
  EXPECT_THAT(Find("size"), Optional(std::string("\"size\"")));
}

TEST_F(CastTargetTest, DoesNotKnowOtherNames) {
  EXPECT_EQ(Find("secret"), std::nullopt);
  EXPECT_EQ(Find("int4; drop table x"), std::nullopt);
  EXPECT_EQ(Find("api.color"), std::nullopt);
  EXPECT_EQ(Find(""), std::nullopt);
}

TEST(Catalog, SuggestsRelationsFunctionsAndTargets) {
  Snapshot snapshot;
  snapshot.relations = {Table("api", "films"), Table("api", "directors"), Table("hidden", "filmz")};
  snapshot.functions = {FunctionOf("sayhello", {})};
  snapshot.foreign_keys = {{"fk", {"api", "films"}, {"director_id"}, {"api", "directors"}, {"id"}, false}};
  Relationship computed;
  computed.source = {"api", "films"};
  computed.target = {"api", "directors"};
  computed.function = QualifiedName{"api", "reviewers"};
  snapshot.computed_relationships = {computed};

  const auto catalog = Catalog::Build(std::move(snapshot));

  EXPECT_THAT(catalog->NearestRelation("api", "filmx", 0.75), Optional(std::string("films")));
  EXPECT_EQ(catalog->NearestRelation("unknown", "films", 0.1), std::nullopt);
  EXPECT_THAT(catalog->NearestFunction("api", "sayhell", 0.75), Optional(std::string("sayhello")));
  EXPECT_THAT(catalog->NearestTarget({"api", "films"}, "director", 0.5), Optional(std::string("directors")));
  EXPECT_EQ(catalog->NearestTarget({"api", "films"}, "directors", 0.5), std::nullopt);
  // By the names of tables, as in PostgREST, and not by those of functions.
  EXPECT_EQ(catalog->NearestTarget({"api", "films"}, "reviewer", 0.5), std::nullopt);
}

TEST(Catalog, FindsComputedColumnsOfARelation) {
  Snapshot snapshot;
  snapshot.relations = {Table("api", "films")};
  ComputedColumn column;
  column.function = {"api", "full_title"};
  snapshot.computed_columns[{{"api", "films"}, "full_title"}] = column;

  const auto catalog = Catalog::Build(std::move(snapshot));

  const ComputedColumn* found = catalog->FindComputedColumn({"api", "films"}, "full_title", "anon");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->function.name, "full_title");
  EXPECT_EQ(catalog->FindComputedColumn({"api", "films"}, "other", "anon"), nullptr);
  EXPECT_EQ(catalog->FindComputedColumn({"api", "actors"}, "full_title", "anon"), nullptr);
}

}  // namespace
}  // namespace pando::catalog
