#include "auth/role_path.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace pando::auth {
namespace {

// The value at `path` as JSON, "nothing" when there is none, "refused" when the path is not one.
std::string Find(std::string_view path, std::string_view claims) {
  Result<RolePath> parsed = RolePath::Parse(path);
  if (!parsed) return "refused";
  const boost::json::value json = boost::json::parse({claims.data(), claims.size()});
  const boost::json::value* found = parsed->Find(json.get_object());
  return found == nullptr ? "nothing" : boost::json::serialize(*found);
}

constexpr std::string_view kRoles = R"({"postgrest":{"roles":["other","author",7]}})";

TEST(RolePath, FollowsNamesAndIndexes) {
  EXPECT_EQ(Find(".role", R"({"role":"a"})"), R"("a")");
  EXPECT_EQ(Find(".postgrest.roles[1]", kRoles), R"("author")");
  EXPECT_EQ(Find(".postgrest.roles[3]", kRoles), "nothing");
  EXPECT_EQ(Find(".postgrest.missing.deeper", kRoles), "nothing");
  EXPECT_EQ(Find(".postgrest[0]", kRoles), "nothing");
}

TEST(RolePath, TakesQuotedNames) {
  constexpr std::string_view kClaims = R"({"https://www.example.com/role":{"key":"author"}})";
  EXPECT_EQ(Find(R"(."https://www.example.com/role".key)", kClaims), R"("author")");
  EXPECT_EQ(Find("$['https://www.example.com/role'].key", kClaims), R"("author")");
  EXPECT_EQ(Find(R"($["https://www.example.com/role"]["key"])", kClaims), R"("author")");
}

TEST(RolePath, FiltersTheStringsOfAnArray) {
  EXPECT_EQ(Find(R"(.postgrest.roles[?(@ == "author")])", kRoles), R"("author")");
  EXPECT_EQ(Find(R"(.postgrest.roles[?(@ != "other")])", kRoles), R"("author")");
  EXPECT_EQ(Find(R"(.postgrest.roles[?(@ ^== "aut")])", kRoles), R"("author")");
  EXPECT_EQ(Find(R"(.postgrest.roles[?(@ ==^ "hor")])", kRoles), R"("author")");
  EXPECT_EQ(Find(R"(.postgrest.roles[?(@ *== "utho")])", kRoles), R"("author")");
  EXPECT_EQ(Find(R"(.postgrest.roles[?(@=="absent")])", kRoles), "nothing");
  EXPECT_EQ(Find(R"(.postgrest[?(@ == "author")])", kRoles), "nothing");
}

TEST(RolePath, TakesJsonPath) {
  EXPECT_EQ(Find("$.role", R"({"role":"a"})"), R"("a")");
  EXPECT_EQ(Find("$.postgrest.roles[-2]", kRoles), R"("author")");
  EXPECT_EQ(Find("$.postgrest.roles[?(@ == 'author')]", kRoles), R"("author")");
  EXPECT_EQ(Find("$.postgrest.roles[?@ == 'author']", kRoles), R"("author")");
  EXPECT_EQ(Find("$.postgrest.roles[?search(@, '^au')]", kRoles), R"("author")");
  EXPECT_EQ(Find(R"($.postgrest.roles[?match(@, '\w+r')])", kRoles), R"("other")");
}

TEST(RolePath, RefusesWhatIsNoPath) {
  for (std::string_view path : {"", "$", "role", ".", ".a..b", ".a[", ".a[x]", ".a[1", ".\"a", ".a[?(@ = 'x')]",
                                ".a[?(@ == x)]", ".a[?(@ == 'x']", "$.a[?search(@, '(')]", ".a b", ".a[*]"}) {
    EXPECT_EQ(Find(path, R"({"a":["x"]})"), "refused") << path;
  }
  std::string deep;
  for (int i = 0; i < 33; ++i) deep += ".a";
  EXPECT_EQ(Find(deep, "{}"), "refused");
}

TEST(RolePath, NamesThePlaceOfTheMistake) {
  Result<RolePath> path = RolePath::Parse(".app metadata");
  ASSERT_FALSE(path.has_value());
  EXPECT_EQ(path.error().id(), ErrorId::kConfigInvalid);
  EXPECT_EQ(path.error().detail(), "at character 5");
}

}  // namespace
}  // namespace pando::auth
