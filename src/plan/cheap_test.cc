#include "plan/cheap.h"

#include <gtest/gtest.h>

#include "catalog/snapshot.h"
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
  bool plain_writes = true;
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
  for (catalog::Relation& relation : snapshot.relations) relation.plain_writes = sent.plain_writes;
  Result<rest::Request> request = rest::ParseRequest(raw, options);
  Result<Plan> plan = MakePlan(*request, catalog::Catalog::Build(std::move(snapshot)), PlanOptions(), "anon");
  return {std::move(*request), std::move(*plan)};
}

bool IsPointReadOf(const Sent& sent) { return IsPointRead(PlanOf(sent).second); }
bool IsSingleInsertOf(const Sent& sent) {
  const auto [request, plan] = PlanOf(sent);
  return IsSingleInsert(plan, request.payload);
}

bool IsSingleUpdateOf(const Sent& sent) {
  const auto [request, plan] = PlanOf(sent);
  return IsSingleUpdate(plan, request.payload);
}
std::string LockedRowOf(const Sent& sent) { return LockedRow(PlanOf(sent).second); }

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
  EXPECT_FALSE(IsSingleInsertOf({.method = "POST", .body = kBody, .plain_writes = false}));
  EXPECT_FALSE(IsSingleInsertOf({.method = "POST", .body = kBody, .prefer = "resolution=merge-duplicates"}));
  EXPECT_FALSE(IsSingleInsertOf({.method = "POST", .body = kBody, .prefer = "resolution=ignore-duplicates"}));
  EXPECT_FALSE(IsSingleInsertOf({.method = "PUT", .query = "id=eq.1", .body = kBody}));
  EXPECT_FALSE(IsSingleInsertOf(
      {.method = "POST", .query = "select=id,clients(name)", .body = kBody, .prefer = "return=representation"}));
}

TEST(CheapTest, ASingleUpdateNamesItsRow) {
  constexpr std::string_view kBody = R"({"name": "a"})";
  EXPECT_TRUE(IsSingleUpdateOf({.method = "PATCH", .query = "id=eq.1", .body = kBody}));
  EXPECT_TRUE(IsSingleUpdateOf({.method = "PATCH", .query = "id=eq.1&name=eq.b", .body = kBody}));
  EXPECT_TRUE(IsSingleUpdateOf({.method = "PATCH",
                                .query = "id=eq.1&select=name",
                                .body = kBody,
                                .prefer = "return=representation",
                                .accept = "application/vnd.pgrst.object+json"}));
  for (const char* query : {"", "id=in.(1,2)", "id=gt.1", "name=eq.b", "or=(id.eq.1,id.eq.2)"}) {
    EXPECT_FALSE(IsSingleUpdateOf({.method = "PATCH", .query = query, .body = kBody})) << query;
  }
  EXPECT_FALSE(IsSingleUpdateOf({.method = "PATCH", .path = "/users_tasks", .query = "user_id=eq.1", .body = "{}"}));
}

TEST(CheapTest, WhatMayDoMoreThanUpdateOneRowIsNoSingleUpdate) {
  constexpr std::string_view kBody = R"({"name": "a"})";
  EXPECT_FALSE(IsSingleUpdateOf({.method = "PATCH", .query = "id=eq.1", .body = kBody, .plain_writes = false}));
  EXPECT_FALSE(IsSingleUpdateOf({.method = "DELETE", .query = "id=eq.1"}));
  EXPECT_FALSE(IsSingleUpdateOf({.method = "PUT", .query = "id=eq.1", .body = R"({"id": 1})"}));
  EXPECT_FALSE(IsSingleUpdateOf({.method = "PATCH",
                                 .query = "id=eq.1&select=id,clients(name)",
                                 .body = kBody,
                                 .prefer = "return=representation"}));
  const std::string large = R"({"name": ")" + std::string(100'000, 'x') + R"("})";
  EXPECT_FALSE(IsSingleUpdateOf({.method = "PATCH", .query = "id=eq.1", .body = large}));
}

TEST(CheapTest, TheLockedRowIsNamedByTableAndKeyAlone) {
  const auto of = [](std::string_view path, std::string_view query) {
    return LockedRowOf({.method = "PATCH", .path = path, .query = query, .body = R"({"name": "a"})"});
  };
  EXPECT_EQ(of("/projects", "id=eq.1"), of("/projects", "name=eq.b&id=eq.1"));
  EXPECT_NE(of("/projects", "id=eq.1"), of("/projects", "id=eq.2"));
  EXPECT_NE(of("/projects", "id=eq.1"), of("/clients", "id=eq.1"));
}

}  // namespace
}  // namespace pando::plan
