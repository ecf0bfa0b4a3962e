#include "plan/cheap.h"

#include <gtest/gtest.h>

#include "plan/test_catalog.h"
#include "rest/request.h"

namespace pando::plan {
namespace {

struct Sent {
  std::string_view method = "GET";
  std::string_view path = "/projects";
  std::string_view query = "";
  std::string_view body = "";
  std::string_view prefer = "";
  std::string_view accept = "";
  bool plain_inserts = true;
};

// The request and its plan on the test catalog, whose tables take plain inserts or not.
std::pair<rest::Request, Plan> PlanOf(const Sent& sent) {
  rest::RawRequest raw;
  raw.method = sent.method;
  raw.path = sent.path;
  raw.query = sent.query;
  raw.body = sent.body;
  raw.headers = [&](std::string_view name) -> std::vector<std::string_view> {
    if (name == "Prefer" && !sent.prefer.empty()) return {sent.prefer};
    if (name == "Accept" && !sent.accept.empty()) return {sent.accept};
    return {};
  };
  rest::ParseOptions options;
  options.prefix = "/";
  catalog::Snapshot snapshot = TestCatalog()->snapshot();
  for (catalog::Relation& relation : snapshot.relations) relation.plain_inserts = sent.plain_inserts;
  Result<rest::Request> request = rest::ParseRequest(raw, options);
  Result<Plan> plan = MakePlan(*request, catalog::Catalog::Build(std::move(snapshot)), PlanOptions());
  return {std::move(*request), std::move(*plan)};
}

bool IsPointReadOf(const Sent& sent) { return IsPointRead(PlanOf(sent).second); }
bool IsSingleInsertOf(const Sent& sent) {
  const auto [request, plan] = PlanOf(sent);
  return IsSingleInsert(plan, request.payload);
}

TEST(CheapTest, APointReadNamesOneValueForEachColumnOfTheKey) {
  EXPECT_TRUE(IsPointReadOf({.query = "id=eq.1"}));
  EXPECT_TRUE(IsPointReadOf({.query = "id=eq.1&name=gt.a&select=name,clients(name)"}));
  EXPECT_TRUE(IsPointReadOf({.path = "/users_tasks", .query = "user_id=eq.1&task_id=eq.2"}));
  for (const char* query : {"", "id=gt.1", "id=not.eq.1", "id=in.(1,2)", "id=eq(any).{1,2}", "name=eq.a",
                            "id=eq.1&select=tasks(name)", "or=(id.eq.1,id.eq.2)"}) {
    EXPECT_FALSE(IsPointReadOf({.query = query})) << query;
  }
  EXPECT_FALSE(IsPointReadOf({.path = "/users_tasks", .query = "user_id=eq.1"}));
}

TEST(CheapTest, ASingleInsertIsOneSmallRow) {
  EXPECT_TRUE(IsSingleInsertOf({.method = "POST", .body = R"({"id": 1})"}));
  EXPECT_TRUE(IsSingleInsertOf({.method = "POST", .body = R"([{"id": 1}])"}));
  EXPECT_TRUE(IsSingleInsertOf({.method = "POST",
                                .body = R"({"id": 1})",
                                .prefer = "return=representation",
                                .accept = "application/vnd.pgrst.object+json"}));
  EXPECT_FALSE(IsSingleInsertOf({.method = "POST", .body = R"([{"id": 1}, {"id": 2}])"}));
  EXPECT_FALSE(IsSingleInsertOf({.method = "POST", .body = "[]"}));
  EXPECT_FALSE(IsSingleInsertOf({.method = "PATCH", .query = "id=eq.1", .body = R"({"name": "a"})"}));
  const std::string large = R"({"name": ")" + std::string(100'000, 'x') + R"("})";
  EXPECT_FALSE(IsSingleInsertOf({.method = "POST", .body = large}));
}

TEST(CheapTest, WhatMayDoMoreThanInsertIsNoSingleInsert) {
  constexpr std::string_view kBody = R"({"id": 1})";
  EXPECT_FALSE(IsSingleInsertOf({.method = "POST", .body = kBody, .plain_inserts = false}));
  EXPECT_FALSE(IsSingleInsertOf({.method = "POST", .body = kBody, .prefer = "resolution=merge-duplicates"}));
  EXPECT_FALSE(IsSingleInsertOf({.method = "POST", .body = kBody, .prefer = "resolution=ignore-duplicates"}));
  EXPECT_FALSE(IsSingleInsertOf({.method = "PUT", .query = "id=eq.1", .body = kBody}));
  EXPECT_FALSE(IsSingleInsertOf(
      {.method = "POST", .query = "select=id,clients(name)", .body = kBody, .prefer = "return=representation"}));
}

}  // namespace
}  // namespace pando::plan
