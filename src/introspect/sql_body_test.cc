#include "introspect/sql_body.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "catalog/observed.h"

namespace pando::introspect {
namespace {

using catalog::Observed;
using Names = std::set<std::string>;

BodyNames Read(std::string_view text) {
  std::optional<BodyNames> names = ReadSqlBody(text);
  EXPECT_TRUE(names.has_value()) << text;
  return names.value_or(BodyNames{});
}

Names With(Names names) {
  names.insert({"<", "<=", "<>", "=", ">", ">="});
  return names;
}

TEST(SqlBodyTest, CollectsNamesWithoutTheirSchemas) {
  const BodyNames names = Read(
      "select api.f(a), count(*) filter (where g(b)) over (partition by h(c)), d::api.kind, e operator(api.#%) 1"
      "  from api.items i join lateral k(i.id) t(x int, y api.other) on true"
      " where i.id = any (select id from more order by id using >>>) and exists (with q as (select r(1)) select from "
      "q)");
  EXPECT_EQ(names.functions, (Names{"f", "count", "g", "h", "k", "r", "id"}));
  EXPECT_EQ(names.operators, With({"#%", ">>>"}));
  EXPECT_EQ(names.relations, (Names{"items", "more", "q"}));
  EXPECT_EQ(names.types, (Names{"kind", "int4", "other"}));
  EXPECT_EQ(names.settings, Observed::kNothing);
}

TEST(SqlBodyTest, AFieldMayBeACall) {
  EXPECT_EQ(Read("select i.f, (i).g, ((i).h).k, i.* from items i").functions, (Names{"f", "g", "h", "k"}));
  EXPECT_EQ(Read("select f from items").functions, Names());
}

TEST(SqlBodyTest, SeesBothSidesOfASetOperation) {
  EXPECT_EQ(Read("select f() union (select g() except values (h()))").functions, (Names{"f", "g", "h"}));
}

TEST(SqlBodyTest, SeesEveryStatement) {
  EXPECT_EQ(Read("select f(); select g()").functions, (Names{"f", "g"}));
  EXPECT_EQ(Read("").functions, Names());
}

TEST(SqlBodyTest, KnowsSettingsByConstantName) {
  EXPECT_EQ(Read("select current_setting('Request.Method'), pg_catalog.current_setting('request.path', true)").settings,
            Observed::kMethod | Observed::kPath);
  EXPECT_EQ(Read("select current_setting('request.path')").functions, Names());
  EXPECT_EQ(Read("select current_setting('request.' || 'path')").functions, Names{"current_setting"});
  EXPECT_EQ(Read("select current_setting(name) from t").functions, Names{"current_setting"});
  EXPECT_EQ(Read("select current_user").settings, Observed::kIdentity);
  EXPECT_EQ(Read("select current_schema").settings, Observed::kIdentity);
  EXPECT_EQ(Read("select current_date, current_timestamp(3), localtime").settings, Observed::kNothing);
}

TEST(SqlBodyTest, TellsWhetherItGivesTheClaimsAndNothingElse) {
  const std::string claims = "current_setting('request.jwt.claims', true)";
  for (const std::string& body : std::vector<std::string>{
           "select " + claims, "select " + claims + "::json", "select nullif(" + claims + ", '')::jsonb;",
           "select coalesce(nullif(current_setting('request.jwt.claim', true), ''), nullif(" + claims + ", ''))::jsonb",
           "select coalesce(" + claims + ", '{}')::jsonb"}) {
    EXPECT_TRUE(Read(body).gives_claims) << body;
  }
  for (const std::string& body : std::vector<std::string>{
           "select 1, " + claims, "select " + claims + " from t", "select " + claims + " where f()",
           "select " + claims + "; select " + claims, "select coalesce(" + claims + ", f())",
           "select f(" + claims + ")", "select current_setting('request.headers', true)", "select '{}'",
           "select nullif(" + claims + ", 'x')::jsonb", "select " + claims + "::t",
           "select " + claims + " union select f()", "select distinct " + claims, "select " + claims + " limit f()",
           "with a as (select f()) select " + claims, ""}) {
    EXPECT_FALSE(Read(body).gives_claims) << body;
  }
}

TEST(SqlBodyTest, KnowsOnlyPlainSelects) {
  for (const char* text :
       {"insert into t values (1)", "update t set a = 1", "delete from t", "select 1; delete from t",
        "with x as (delete from t returning *) select * from x", "select 1 into t", "select * from t for update",
        "set role admin", "call p()", "do $$ $$", "select xmlelement(name a)", "select * from t tablesample f(1)",
        "with recursive q as (select 1) cycle a set b using c select 1", "begin atomic select 1; end", "selec 1",
        "create table t (a int)", "table t; notify x", "explain select 1"}) {
    EXPECT_FALSE(ReadSqlBody(text).has_value()) << text;
  }
}

TEST(SqlBodyTest, RefusesWhatIsTooLongOrTooDeep) {
  std::string sum = "select 1";
  while (sum.size() + 2 <= kBodyBytesMax) sum += "+1";
  EXPECT_FALSE(ReadSqlBody(sum).has_value());
  std::string list = "select 1";
  while (list.size() + 2 <= kBodyBytesMax) list += ",1";
  EXPECT_TRUE(ReadSqlBody(list).has_value());
  EXPECT_FALSE(ReadSqlBody(list + ",1").has_value());
  EXPECT_FALSE(ReadSqlBody(std::string_view("select 1\0, f()", 14)).has_value());
}

}  // namespace
}  // namespace pando::introspect
