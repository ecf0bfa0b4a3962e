// What introspection says of an answer under policies: what of the caller it shows, and whether it or its plan may be
// kept.

#include <gtest/gtest.h>

#include <set>

#include "catalog/snapshot.h"
#include "integration/introspect_footprint_fixture.h"

namespace pando::introspect {
namespace {

TEST_F(FootprintTest, WhatAPolicyShowsIsDecidedByItsRowAndTheClaimsOrVaries) {
  Execute(
      "CREATE FUNCTION api.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT coalesce(nullif(current_setting("
      "'request.jwt.claim.sub', true), ''), (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> "
      "'sub'))::uuid $$;"
      "CREATE FUNCTION api.standard() RETURNS text LANGUAGE sql RETURN current_setting('request.jwt.claims')::json ->> "
      "'sub';"
      "CREATE FUNCTION api.soon() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT now() + interval '1 day' $$;"
      "CREATE FUNCTION api.today() RETURNS date LANGUAGE sql STABLE AS $$ SELECT 'today'::date $$;"
      "CREATE FUNCTION api.pl() RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN current_user; END $$;"
      "CREATE TYPE api.mood AS ENUM ('sad', 'happy');"
      "CREATE TABLE api.plain (owner uuid, name text, n int, at timestamptz, mood api.mood);"
      "CREATE FUNCTION api.latest() RETURNS int LANGUAGE sql STABLE AS $$ SELECT max(n) FROM api.plain $$;");
  const std::vector<std::pair<std::string, bool>> policies = {
      {"true", false},
      {"owner = api.uid()", false},
      {"(SELECT api.uid()) = owner", false},
      {"name = api.standard() OR n IN (1, 2) AND name LIKE 'a%'", false},
      {"name = current_user AND n::text = '3' AND lower(name) <> concat(n, 'x')", false},
      {"coalesce(current_setting('request.jwt.claims', true)::jsonb -> 'groups' ? name, false)", false},
      {"n = ANY (ARRAY[1, n + 1]) AND CASE WHEN name IS NULL THEN true ELSE n BETWEEN 1 AND 5 END", false},
      {"at < now()", true},
      {"at < current_timestamp", true},
      {"at::date = current_date", true},
      {"at < (name)::timestamptz", true},
      {"at < api.soon()", true},
      {"at::date = api.today()", true},
      {"random() < 0.5", true},
      {"n = api.latest()", true},
      {"n = (SELECT max(n) FROM api.plain)", true},
      {"EXISTS (SELECT FROM api.plain p WHERE p.owner = api.uid())", true},
      {"name = api.pl()", true},
      {"name::regclass = 'api.plain'::regclass", true},
      {"tableoid = 'api.plain'::regclass AND xmin::text <> '0'", false},
      {"xmax::text = '0'", true},
      {"ctid = '(0,1)'", true},
  };
  for (size_t i = 0; i < policies.size(); ++i) Guard("t" + std::to_string(i), policies[i].first);
  for (size_t i = 0; i < policies.size(); ++i) {
    EXPECT_EQ(Find("t" + std::to_string(i)).reading.varies, policies[i].second) << policies[i].first;
    EXPECT_FALSE(Find("t" + std::to_string(i)).reading.folds) << policies[i].first;
  }
  EXPECT_FALSE(Find("plain").reading.varies);
}

TEST_F(FootprintTest, APolicyNamesTheClaimsThatItPicks) {
  Execute(
      "CREATE FUNCTION api.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT coalesce(nullif(current_setting("
      "'request.jwt.claim.sub', true), ''), (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> "
      "'sub'))::uuid $$;"
      "CREATE FUNCTION api.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT current_setting('request.jwt.claims', "
      "true)::jsonb $$;"
      "CREATE FUNCTION api.supabase_jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT coalesce(nullif("
      "current_setting('request.jwt.claim', true), ''), nullif(current_setting('request.jwt.claims', true), "
      "''))::jsonb "
      "$$;"
      "CREATE FUNCTION api.immutable_jwt() RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$ SELECT "
      "current_setting('request.jwt.claims', true)::jsonb $$;"
      "CREATE FUNCTION api.more_than_jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT "
      "current_setting('request.jwt.claims', true)::jsonb WHERE current_setting('request.jwt.claims', true) <> '' $$;"
      "CREATE FUNCTION api.standard() RETURNS text LANGUAGE sql RETURN current_setting('request.jwt.claims')::json ->> "
      "'sub';"
      "CREATE TABLE api.plain (owner uuid, name text, info jsonb);");
  const std::string claims = "current_setting('request.jwt.claims', true)";
  const std::vector<std::pair<std::string, std::string>> policies = {
      {"name = current_setting('app.settings.x')", ""},
      {"owner = api.uid()", "sub"},
      {"owner = (SELECT api.uid()) OR name = " + claims + "::json ->> 'org'", "org sub"},
      {"name = api.standard()", "sub"},
      {"name = nullif(" + claims + ", '')::jsonb ->> 'org'", "org"},
      {"name = " + claims + "::jsonb -> 'app' ->> 'org'", "app"},
      {"info @> (" + claims + "::jsonb -> 'groups')", "groups"},
      {"json_object_field_text(" + claims + "::json, 'x') = name", "x"},
      {"name = nullif(" + claims + ", 'x')::jsonb ->> 'org'", "*"},
      {"name = " + claims + "::jsonb ->> name", "*"},
      {"name = " + claims + "::jsonb #>> '{app,org}'", "*"},
      {"name = " + claims, "*"},
      {claims + "::jsonb ? 'org' AND " + claims + "::json ->> 'sub' = name", "*"},
      {"name = coalesce(" + claims + ", '{}')::jsonb ->> 'org'", "org"},
      {"name = coalesce(" + claims + ", name)::jsonb ->> 'org'", "*"},
      {"api.jwt() ->> 'sub' = name", "sub"},
      {"(SELECT api.jwt()) -> 'app' ->> 'org' = name", "app"},
      {"(SELECT api.jwt() ->> 'org') = name AND api.uid() = owner", "org sub"},
      {"api.supabase_jwt() ->> 'role' = name", "role"},
      {"(SELECT api.jwt() LIMIT 1) ->> 'sub' = name", "*"},
      {"api.jwt() ? 'org' AND api.jwt() ->> 'sub' = name", "*"},
      {"api.immutable_jwt() ->> 'sub' = name", "*"},
      {"api.more_than_jwt() ->> 'sub' = name", "*"},
  };
  for (size_t i = 0; i < policies.size(); ++i) Guard("t" + std::to_string(i), policies[i].first);
  for (size_t i = 0; i < policies.size(); ++i) {
    const Footprint footprint = Find("t" + std::to_string(i)).reading;
    std::set<std::string> names;
    for (size_t bit = 0; bit < catalog_->snapshot().claim_names.size(); ++bit) {
      if (footprint.claims >> bit & 1) names.insert(catalog_->snapshot().claim_names[bit]);
    }
    std::string told;
    for (const std::string& name : names) told += (told.empty() ? "" : " ") + name;
    if (footprint.claims == catalog::kAllClaims) told = "*";
    EXPECT_EQ(told, policies[i].second) << policies[i].first;
    EXPECT_FALSE(footprint.varies) << policies[i].first;
  }
}

// nullif() in a body that is kept as text compares by whatever = there is when it is called.
TEST_F(FootprintTest, WhatGivesTheClaimsMayMeetTheCodeOfOthers) {
  Execute(
      "CREATE FUNCTION api.jwt() RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT nullif(current_setting("
      "'request.jwt.claims', true), '')::jsonb $$;"
      "CREATE TABLE api.plain (owner uuid, name text, info jsonb);");
  Guard("before", "api.jwt() ->> 'sub' = name");
  EXPECT_EQ(Find("before").reading.observes, Observed::kClaims);
  catalog_ = nullptr;
  Execute(
      "CREATE FUNCTION api.same(a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN a OPERATOR("
      "pg_catalog.=) b; END $$;"
      "CREATE OPERATOR api.= (LEFTARG = text, RIGHTARG = text, FUNCTION = api.same);");
  Guard("after", "api.jwt() OPERATOR(pg_catalog.->>) 'sub' OPERATOR(pg_catalog.=) name");
  EXPECT_EQ(Find("after").reading.observes, Observed::kEverything);
  EXPECT_TRUE(Find("after").reading.leaves_traces);
}

TEST_F(FootprintTest, AFunctionThatIsWronglyCalledImmutableFolds) {
  Execute(
      "CREATE FUNCTION api.whose() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT "
      "current_setting('request.jwt.claims')::json ->> 'sub' $$;"
      "CREATE FUNCTION api.slug(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(t) $$;"
      "CREATE TABLE api.t (owner text); CREATE TABLE api.s (owner text);"
      "ALTER TABLE api.t ENABLE ROW LEVEL SECURITY; ALTER TABLE api.s ENABLE ROW LEVEL SECURITY;"
      "CREATE POLICY p ON api.t USING (owner = api.whose());"
      "CREATE POLICY p ON api.s USING (owner = api.slug(owner))");

  EXPECT_TRUE(Find("t").reading.folds);
  EXPECT_EQ(Find("s").reading, kNothing);
}

}  // namespace
}  // namespace pando::introspect
