#include "serve/shape_cache.h"

#include <gtest/gtest.h>

#include "plan/test_catalog.h"

namespace pando::serve {
namespace {

using Parameters = std::vector<sql::Parameter>;

class ShapeCacheTest : public testing::Test {
 protected:
  ShapeCacheTest() {
    RestOptions options;
    options.prefix = "/";
    config_ = MakeConfig(options, nullptr, plan::TestCatalog());
  }

  static http::Request Get(std::string target, std::string method = "GET") {
    http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    return request;
  }

  // As Shapes does: recalled, or made the long way and offered.
  std::optional<ShapeCache::Recalled> Ask(const http::Request& request, const std::string& role = "anon") {
    CutRequest cut;
    if (!ShapeCache::Cut(request, "/", role, cut)) return std::nullopt;
    std::optional<ShapeCache::Recalled> recalled = cache_.Recall(cut);
    if (!recalled) cache_.Remember(cut, request, *config_, role);
    return recalled;
  }

  std::optional<ShapeCache::Recalled> AskThrice(const std::string& target) {
    Ask(Get(target));
    Ask(Get(target));
    return Ask(Get(target));
  }

  // What the long way makes of it.
  Shape LongWay(const http::Request& request) {
    Result<rest::Request> parsed = ParseHttp(request, request.query(), *config_);
    Result<Shape> shape = MakeShape(*parsed, *config_, "anon", Printer::kServer);
    return std::move(*shape);
  }

  std::shared_ptr<const Config> config_;
  ShapeCache cache_;
};

TEST_F(ShapeCacheTest, RemembersAShapeAtSecondSightAndTakesTheValuesOfEachRequest) {
  EXPECT_FALSE(Ask(Get("/projects?id=eq.1")));
  EXPECT_FALSE(Ask(Get("/projects?id=eq.2")));
  const auto third = Ask(Get("/projects?id=eq.3"));
  ASSERT_TRUE(third);
  EXPECT_EQ(third->parameters, Parameters{"3"});
  EXPECT_EQ(third->canonical, "id=eq.3");
  EXPECT_EQ(third->shape->route, "projects");
  EXPECT_EQ(third->shape->demand.sharing, Sharing::kAlways);
}

TEST_F(ShapeCacheTest, GivesWhatTheLongWayGives) {
  for (const char* target : {
           "/projects?id=eq.1&name=not.eq.x%20y&select=id,name&order=name.desc&limit=3&offset=1",
           "/projects?name=gt.a&id=lt.9&name=lte.z",
           "/tasks?select=id,projects(name)&projects.id=gte.4&hours=neq.",
           "/clients?select=*,projects(id,tasks(name))&projects.name=eq.a&id=eq.1",
           "/projects?settings->>a=eq.b%26c&name=eq.eq.%25&id=in.(1,2)",
           "/projects?name=eq.caf%C3%A9+au+lait&id=eq.7",
           "/projects?name=eq.a;id=eq.7&id=neq.;",
           "/projects",
       }) {
    const auto recalled = AskThrice(target);
    ASSERT_TRUE(recalled) << target;
    const Shape expected = LongWay(Get(target));
    EXPECT_EQ(recalled->shape->statement.query.sql, expected.statement.query.sql) << target;
    EXPECT_EQ(recalled->parameters, expected.statement.query.parameters) << target;
    EXPECT_EQ(recalled->canonical, expected.request.query.canonical) << target;
  }
}

TEST_F(ShapeCacheTest, LeavesMalformedValuesToTheLongWay) {
  ASSERT_TRUE(AskThrice("/projects?name=eq.x"));
  for (const char* target : {"/projects?name=eq.%", "/projects?name=eq.%00", "/projects?name=eq.%FF"}) {
    EXPECT_FALSE(Ask(Get(target))) << target;
  }
  EXPECT_EQ(cache_.size(), 1u);
}

TEST_F(ShapeCacheTest, TellsApartWhatIsParsedOrPlannedDifferently) {
  ASSERT_TRUE(AskThrice("/projects?id=eq.1"));
  EXPECT_FALSE(Ask(Get("/projects?id=eq.1", "HEAD")));
  EXPECT_FALSE(Ask(Get("/projects?id=eq.1"), "editor"));
  EXPECT_FALSE(Ask(Get("/projects?id=neq.1")));
  EXPECT_FALSE(Ask(Get("/projects?id=eq(any).{1}")));
  EXPECT_FALSE(Ask(Get("/clients?id=eq.1")));
  for (const char* header : {"accept", "Prefer", "Range", "Accept-Profile"}) {
    http::Request request = Get("/projects?id=eq.1");
    request.headers.Add(header, "public");
    EXPECT_FALSE(Ask(request)) << header;
  }
  EXPECT_TRUE(Ask(Get("/projects?id=eq.1")));
}

TEST_F(ShapeCacheTest, RemembersCallsAndTakesTheirArguments) {
  for (const char* target : {"/rpc/add_them?a=1&b=-2", "/rpc/add_them?b=%31&a=1e3", "/rpc/add_them?a=x&b="}) {
    const auto recalled = AskThrice(target);
    ASSERT_TRUE(recalled) << target;
    const Shape expected = LongWay(Get(target));
    EXPECT_EQ(recalled->shape->statement.query.sql, expected.statement.query.sql) << target;
    EXPECT_EQ(recalled->parameters, expected.statement.query.parameters) << target;
  }
  EXPECT_EQ(cache_.size(), 2u) << "one for each order of the arguments";
}

TEST_F(ShapeCacheTest, TakesNoFilterForAnArgument) {
  ASSERT_TRUE(AskThrice("/rpc/add_them?a=1&b=2"));
  for (const char* target : {"/rpc/add_them?a=1&b=eq.2", "/rpc/add_them?a=1&b=eq%2E2", "/rpc/add_them?a=1&b=%65q.2",
                             "/rpc/add_them?a=1&b=not.is.null", "/rpc/add_them?a=1&b=eq(any).{1}",
                             "/rpc/add_them?a=1&%62=2", "/rpc/add_them?a=1&b=2&limit=1"}) {
    EXPECT_FALSE(Ask(Get(target))) << target;
  }
  EXPECT_FALSE(AskThrice("/rpc/add_them?a=1&a=2&b=3")) << "only the last of a name counts";
}

TEST_F(ShapeCacheTest, EachShapeHasAPace) {
  const auto third = AskThrice("/projects?name=eq.x");
  ASSERT_TRUE(third && third->learned);
  EXPECT_EQ(third->shape->demand.sharing, Sharing::kWhenQuick);
  EXPECT_EQ(Ask(Get("/projects?name=eq.y"))->learned, third->learned);
  EXPECT_NE(AskThrice("/clients?name=eq.x")->learned, third->learned);
}

TEST_F(ShapeCacheTest, RemembersReadsAlone) {
  CutRequest cut;
  EXPECT_FALSE(ShapeCache::Cut(Get("/projects?id=eq.1", "DELETE"), "/", "anon", cut));
  EXPECT_FALSE(ShapeCache::Cut(Get("/rpc/add_them?a=1", "POST"), "/", "anon", cut));
  EXPECT_FALSE(ShapeCache::Cut(Get("/"), "/", "anon", cut));
  EXPECT_FALSE(ShapeCache::Cut(Get("/projects?a=" + std::string(ShapeCache::kKeyBytesMax, 'x')), "/", "anon", cut));
  std::string many = "/projects?";
  for (size_t i = 0; i <= ShapeCache::kValuesMax; ++i) many += "id=eq.1&";
  EXPECT_FALSE(ShapeCache::Cut(Get(many), "/", "anon", cut));
}

TEST_F(ShapeCacheTest, RemembersNoRequestThatFailsOrNeedsAnEstimate) {
  EXPECT_FALSE(AskThrice("/nothing?id=eq.1"));
  EXPECT_FALSE(AskThrice("/projects?id=eq.1&select=id,nothing(*)"));
  http::Request estimated = Get("/projects?id=eq.1");
  estimated.headers.Add("Prefer", "count=planned");
  Ask(estimated);
  Ask(estimated);
  EXPECT_FALSE(Ask(estimated));
  EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(ShapeCacheTest, DropsWhatWasUsedTheLongestAgoAndEverythingWhenCleared) {
  ShapeCache small(2);
  const auto ask = [&](const std::string& target) {
    const http::Request request = Get(target);
    CutRequest cut;
    EXPECT_TRUE(ShapeCache::Cut(request, "/", "anon", cut));
    const bool known = small.Recall(cut).has_value();
    if (!known) small.Remember(cut, request, *config_, "anon");
    return known;
  };
  for (const char* target : {"/projects?id=eq.1", "/clients?id=eq.1"}) {
    ask(target);
    ask(target);
  }
  EXPECT_TRUE(ask("/projects?id=eq.1"));
  ask("/tasks?id=eq.1");
  ask("/tasks?id=eq.1");
  EXPECT_EQ(small.size(), 2u);
  EXPECT_TRUE(ask("/projects?id=eq.1"));
  EXPECT_FALSE(ask("/clients?id=eq.1"));
  small.Clear();
  EXPECT_FALSE(ask("/projects?id=eq.1"));
}

}  // namespace
}  // namespace pando::serve
