// Functions, computed columns and relationships, media type handlers and representations of a real PostgreSQL.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/snapshot.h"
#include "integration/introspect_fixture.h"

namespace pando::introspect {
namespace {

using catalog::Catalog;
using catalog::Function;
using catalog::QualifiedName;
using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::Pair;
using ::testing::SizeIs;

class FunctionsTest : public IntrospectFixture {
 protected:
  static const Function& Get(const Catalog& catalog, std::string_view name) {
    const auto overloads = catalog.FunctionsNamed("api", name, "anon");
    static const Function kNone;
    EXPECT_EQ(overloads.size(), 1u) << name;
    return overloads.empty() ? kNone : *overloads[0];
  }
};

TEST_F(FunctionsTest, ArgumentsHaveNamesTypesAndDefaults) {
  Execute(
      "CREATE FUNCTION api.f(a int, OUT r text, b char(3) DEFAULT 'x', VARIADIC c bit[] DEFAULT '{}') LANGUAGE sql "
      "STABLE"
      " SET statement_timeout = '1s' SET work_mem = '1MB' AS 'SELECT null::text';"
      "COMMENT ON FUNCTION api.f IS 'does f';");
  const auto catalog = Load();
  const Function& f = Get(*catalog, "f");

  ASSERT_THAT(f.arguments, SizeIs(3));
  EXPECT_EQ(f.arguments[0].name, "a");
  EXPECT_EQ(f.arguments[0].sql_type, "integer");
  EXPECT_TRUE(f.arguments[0].required);
  EXPECT_EQ(f.arguments[1].sql_type, "character varying");
  EXPECT_FALSE(f.arguments[1].required);
  EXPECT_EQ(f.arguments[2].sql_type, "bit varying[]");
  EXPECT_TRUE(f.arguments[2].variadic && !f.arguments[2].required);
  EXPECT_THAT(f.arguments[2].default_expression, Optional(std::string(R"('{}'::"bit"[])")));
  EXPECT_THAT(f.arguments[1].default_expression, Optional(std::string("'x'::bpchar")));
  EXPECT_FALSE(f.arguments[0].default_expression);
  EXPECT_EQ(f.volatility, Function::Volatility::kStable);
  EXPECT_THAT(f.settings, ElementsAre(Pair("statement_timeout", "1s")));
  EXPECT_THAT(f.comment, Optional(std::string("does f")));
  EXPECT_TRUE(f.returns_row && !f.returns_set);
  ASSERT_THAT(f.result_columns, SizeIs(1));
  EXPECT_EQ(f.result_columns[0].name, "r");
}

TEST_F(FunctionsTest, ResultsAreTold) {
  Execute(
      "CREATE TABLE api.t (id int); CREATE TABLE hidden.h (x int, y int); CREATE TYPE api.pair AS (a int, b text);"
      "CREATE DOMAIN api.t_alias AS api.t;"
      "CREATE FUNCTION api.scalar() RETURNS int LANGUAGE sql AS 'SELECT 1';"
      "CREATE FUNCTION api.nothing() RETURNS void LANGUAGE sql AS '';"
      "CREATE FUNCTION api.rows() RETURNS SETOF api.t LANGUAGE sql AS 'SELECT * FROM api.t';"
      "CREATE FUNCTION api.alias() RETURNS api.t_alias LANGUAGE sql AS 'SELECT null::api.t_alias';"
      "CREATE FUNCTION api.composite() RETURNS api.pair LANGUAGE sql AS 'SELECT null::api.pair';"
      "CREATE FUNCTION api.hidden_rows() RETURNS SETOF hidden.h LANGUAGE sql AS 'SELECT * FROM hidden.h';"
      "CREATE FUNCTION api.tabled() RETURNS TABLE (a int, b text) LANGUAGE sql AS 'SELECT 1, null::text';"
      "CREATE FUNCTION api.anything() RETURNS record LANGUAGE sql AS 'SELECT 1, 2';");
  const auto catalog = Load();

  EXPECT_FALSE(Get(*catalog, "scalar").returns_row);
  EXPECT_TRUE(Get(*catalog, "nothing").returns_void);
  EXPECT_TRUE(Get(*catalog, "rows").returns_set);
  EXPECT_THAT(Get(*catalog, "rows").result_relation, Optional(QualifiedName{"api", "t"}));
  EXPECT_THAT(Get(*catalog, "alias").result_relation, Optional(QualifiedName{"api", "t"}));
  EXPECT_TRUE(Get(*catalog, "alias").result_is_alias_of_composite);
  EXPECT_FALSE(Get(*catalog, "composite").result_relation.has_value());
  EXPECT_THAT(Get(*catalog, "composite").result_columns, SizeIs(2));
  EXPECT_FALSE(Get(*catalog, "hidden_rows").result_relation.has_value());
  EXPECT_EQ(Get(*catalog, "hidden_rows").result_columns[1].name, "y");
  EXPECT_THAT(Get(*catalog, "tabled").result_columns, SizeIs(2));
  EXPECT_TRUE(Get(*catalog, "anything").returns_row && Get(*catalog, "anything").result_columns.empty());
}

TEST_F(FunctionsTest, WhatCannotBeCalledIsLeftOut) {
  Execute(
      "CREATE FUNCTION api.two(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
      "CREATE FUNCTION api.one_int(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
      "CREATE FUNCTION api.one_json(json) RETURNS int LANGUAGE sql AS 'SELECT 1';"
      "CREATE FUNCTION api.trigger_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;"
      "CREATE PROCEDURE api.proc() LANGUAGE sql AS '';"
      "CREATE AGGREGATE api.total (int) (SFUNC = int4pl, STYPE = int);"
      "CREATE FUNCTION hidden.f() RETURNS int LANGUAGE sql AS 'SELECT 1';");
  const auto catalog = Load();

  ASSERT_THAT(catalog->snapshot().functions, SizeIs(1));
  EXPECT_EQ(catalog->snapshot().functions[0].name.name, "one_json");
  EXPECT_TRUE(catalog->snapshot().functions[0].has_single_unnamed_argument());
}

TEST_F(FunctionsTest, FunctionsOfARowAreComputedColumns) {
  Execute(
      "CREATE TABLE api.t (id int); CREATE TABLE api.u (id int);"
      "CREATE FUNCTION api.twice(api.t) RETURNS int LANGUAGE sql AS 'SELECT 2 * ($1).id';"
      "CREATE FUNCTION api.twice(api.u) RETURNS text LANGUAGE sql AS 'SELECT null::text';"
      "CREATE FUNCTION extra.label(api.t) RETURNS text LANGUAGE sql AS 'SELECT null::text';"
      "CREATE FUNCTION api.label(api.t) RETURNS int LANGUAGE sql AS 'SELECT 1';"
      "CREATE FUNCTION extra.only_extra(api.t) RETURNS int LANGUAGE sql AS 'SELECT 1';"
      "CREATE FUNCTION hidden.unseen(api.t) RETURNS int LANGUAGE sql AS 'SELECT 1';"
      "CREATE FUNCTION api.many(api.t) RETURNS SETOF int LANGUAGE sql AS 'SELECT 1';");
  const auto catalog = Load({.schemas = {"api"}, .extra_search_path = {"extra"}, .pre_request = ""});
  const QualifiedName t = {"api", "t"}, u = {"api", "u"};

  EXPECT_EQ(catalog->FindComputedColumn(t, "twice", "anon")->sql_type, "integer");
  EXPECT_EQ(catalog->FindComputedColumn(u, "twice", "anon")->sql_type, "text");
  EXPECT_EQ(catalog->FindComputedColumn(t, "label", "anon")->function.schema, "api");
  EXPECT_EQ(catalog->FindComputedColumn(t, "only_extra", "anon")->function.schema, "extra");
  EXPECT_EQ(catalog->FindComputedColumn(t, "unseen", "anon"), nullptr);
  EXPECT_EQ(catalog->FindComputedColumn(t, "many", "anon"), nullptr);
}

TEST_F(FunctionsTest, FunctionsOfExtensionsAreForThoseWhoWereGrantedThemByName) {
  Execute(
      "DROP ROLE IF EXISTS granted, heir, member; CREATE ROLE granted; CREATE ROLE heir IN ROLE granted;"
      "CREATE ROLE member NOINHERIT IN ROLE granted; CREATE EXTENSION hstore SCHEMA api;"
      "CREATE EXTENSION \"uuid-ossp\" SCHEMA api;"
      "GRANT EXECUTE ON FUNCTION api.uuid_nil(), api.hstore(record) TO granted;"
      "GRANT EXECUTE ON FUNCTION api.uuid_ns_dns() TO PUBLIC;"
      "CREATE FUNCTION api.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'");
  const auto catalog = Load();
  for (const char* role : {"granted", "heir"}) {
    EXPECT_THAT(catalog->FunctionsNamed("api", "uuid_nil", role), SizeIs(1)) << role;
    EXPECT_FALSE(catalog->IsHiddenField("hstore", role)) << role;
  }
  for (const char* role : {"member", "stranger", ""}) {
    EXPECT_THAT(catalog->FunctionsNamed("api", "uuid_nil", role), SizeIs(0)) << role;
    EXPECT_TRUE(catalog->IsHiddenField("hstore", role)) << role;
    EXPECT_THAT(catalog->FunctionsNamed("api", "mine", role), SizeIs(1)) << role;
    EXPECT_FALSE(catalog->IsHiddenField("mine", role)) << role;
  }
  EXPECT_THAT(catalog->FunctionsNamed("api", "uuid_ns_dns", "granted"), SizeIs(0));
  EXPECT_EQ(catalog->NearestFunction("api", "uuid_nill", 0.5), std::nullopt);
  Execute("DROP EXTENSION hstore, \"uuid-ossp\"; DROP ROLE granted, heir, member");
}

TEST_F(FunctionsTest, KnowsTheAggregatesThatTakeARow) {
  Execute(
      "CREATE TABLE api.rows (id int); CREATE FUNCTION api.next(int, api.rows) RETURNS int LANGUAGE sql AS 'SELECT 1';"
      "CREATE AGGREGATE api.all_of (api.rows) (SFUNC = api.next, STYPE = int)");
  const auto catalog = Load();
  for (const char* name : {"json_agg", "jsonb_agg", "array_agg", "count", "all_of"}) {
    EXPECT_TRUE(catalog->IsRowAggregate(name)) << name;
  }
  for (const char* name : {"sum", "avg", "string_agg", "row_to_json", "next", "id"}) {
    EXPECT_FALSE(catalog->IsRowAggregate(name)) << name;
  }
}

TEST_F(FunctionsTest, FunctionsOfARowThatReturnRowsAreComputedRelationships) {
  Execute(
      "CREATE TABLE api.a (id int PRIMARY KEY); CREATE TABLE api.b (id int, a_id int REFERENCES api.a);"
      "CREATE FUNCTION api.a(api.b) RETURNS SETOF api.a ROWS 1 LANGUAGE sql AS 'SELECT * FROM api.a';"
      "CREATE FUNCTION api.all_b(api.a) RETURNS SETOF api.b LANGUAGE sql AS 'SELECT * FROM api.b';"
      "CREATE FUNCTION api.one_b(api.a) RETURNS api.b LANGUAGE sql AS 'SELECT null::api.b';");
  const auto catalog = Load();

  const auto& from_b = catalog->RelationshipsFrom({"api", "b"});
  ASSERT_THAT(from_b, SizeIs(1));  // the detected one to api.a gave way
  EXPECT_EQ(from_b[0].function->name, "a");
  EXPECT_TRUE(from_b[0].to_one());
  const auto& from_a = catalog->RelationshipsFrom({"api", "a"});
  ASSERT_THAT(from_a, SizeIs(3));
  EXPECT_FALSE(from_a[0].function.has_value());
  EXPECT_FALSE(from_a[1].to_one());
  EXPECT_TRUE(from_a[2].to_one());
}

TEST_F(FunctionsTest, DomainsNamedLikeMediaTypesMakeHandlers) {
  Execute(
      "CREATE DOMAIN api.\"Image/PNG\" AS bytea; CREATE DOMAIN api.\"*/*\" AS text; CREATE DOMAIN api.\"not/a/type\" "
      "AS text;"
      "CREATE TABLE api.t (id int);"
      "CREATE FUNCTION api.picture() RETURNS api.\"Image/PNG\" LANGUAGE sql AS 'SELECT null::api.\"Image/PNG\"';"
      "CREATE FUNCTION api.other() RETURNS api.\"not/a/type\" LANGUAGE sql AS 'SELECT null::api.\"not/a/type\"';"
      "CREATE FUNCTION api.step(api.\"*/*\", anyelement) RETURNS api.\"*/*\" LANGUAGE sql AS 'SELECT $1';"
      "CREATE FUNCTION api.step(api.\"*/*\", api.t) RETURNS api.\"*/*\" LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';"
      "CREATE AGGREGATE api.any_agg (anyelement) (SFUNC = api.step, STYPE = api.\"*/*\");"
      "CREATE AGGREGATE api.t_agg (api.t) (SFUNC = api.step, STYPE = api.\"*/*\");");
  const auto catalog = Load();

  EXPECT_THAT(Get(*catalog, "picture").media_type, Optional(std::string("image/png")));
  EXPECT_FALSE(Get(*catalog, "other").media_type.has_value());
  const auto& handlers = catalog->snapshot().media_handlers;
  ASSERT_THAT(handlers, SizeIs(2));
  EXPECT_EQ(handlers[0].media_type, "*/*");
  EXPECT_FALSE(handlers[0].relation.has_value());
  EXPECT_FALSE(handlers[0].footprint.leaves_traces);
  EXPECT_THAT(handlers[1].relation, Optional(QualifiedName{"api", "t"}));
  EXPECT_TRUE(handlers[1].footprint.leaves_traces);
}

TEST_F(FunctionsTest, CastsByFunctionAreRepresentationsOfADomain) {
  Execute(
      "CREATE DOMAIN api.color AS int;"
      "CREATE FUNCTION api.\"Show\"(api.color) RETURNS json LANGUAGE sql AS 'SELECT to_json($1::int)';"
      "CREATE FUNCTION api.parse(json) RETURNS api.color LANGUAGE sql AS 'SELECT 1::api.color';"
      "CREATE FUNCTION api.parse(text) RETURNS api.color LANGUAGE sql AS 'SELECT 1::api.color';"
      "CREATE CAST (api.color AS json) WITH FUNCTION api.\"Show\"(api.color) AS IMPLICIT;"
      "CREATE CAST (json AS api.color) WITH FUNCTION api.parse(json) AS IMPLICIT;"
      "CREATE CAST (text AS api.color) WITH FUNCTION api.parse(text) AS IMPLICIT;"
      "CREATE TABLE api.t (c api.color);");
  const auto catalog = Load();

  const catalog::Type* color = catalog->FindType(catalog->FindRelation("api", "t")->Get("c")->type);
  ASSERT_NE(color, nullptr);
  EXPECT_EQ(color->to_json, "api.\"Show\"");
  EXPECT_EQ(color->from_json, "api.parse");
  EXPECT_EQ(color->from_text, "api.parse");
  EXPECT_THAT(catalog->FindCastTarget("color"), Optional(std::string("api.color")));
}

TEST_F(FunctionsTest, TypesSchemasAndRolesAreKnown) {
  Execute(
      "COMMENT ON SCHEMA api IS 'The API'; CREATE TABLE api.t (id int);"
      "DO $$ BEGIN CREATE ROLE introspect_web; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
      "ALTER ROLE introspect_web SET statement_timeout = '5s'; ALTER ROLE introspect_web SET "
      "default_transaction_isolation = 'serializable';"
      "GRANT introspect_web TO CURRENT_USER;");
  const auto catalog = Load();
  const auto& snapshot = catalog->snapshot();

  EXPECT_THAT(snapshot.schema_comments, ElementsAre(Pair("api", Optional(std::string("The API")))));
  EXPECT_THAT(snapshot.role_settings.at("introspect_web"),
              ElementsAre(Pair("default_transaction_isolation", "serializable"), Pair("statement_timeout", "5s")));
  EXPECT_THAT(snapshot.timezones, ::testing::Contains("Europe/Berlin"));
  EXPECT_GE(snapshot.server_version, 140000);
  EXPECT_THAT(catalog->FindCastTarget("bit"), Optional(std::string("bit(1)")));
  EXPECT_THAT(catalog->FindCastTarget("timestamptz"), Optional(std::string("timestamp with time zone")));
  EXPECT_EQ(catalog->FindCastTarget("t"), std::nullopt);  // the row type of a table that nothing uses
}

}  // namespace
}  // namespace pando::introspect
