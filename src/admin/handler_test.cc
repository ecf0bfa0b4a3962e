#include "admin/handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace pando::admin {
namespace {

using testing::Optional;

class HandlerTest : public testing::Test {
 protected:
  Sources MakeSources() {
    return {.readiness = [this] { return checks_; },
            .metrics = [] { return std::string("pando_build_info 1\n"); },
            .config = [] { return std::string(R"({"http.listen":{}})"); },
            .cache = [this] { return cache_; }};
  }

  http::Response Get(std::string target, std::string method = "GET") {
    http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    return Answer(request, MakeSources());
  }

  std::string cache_ = R"({"answers":1})";
  std::vector<Check> checks_ = {{"database", true, ""}, {"catalog", true, ""}};
};

TEST_F(HandlerTest, IsLiveWhateverItsReadiness) {
  checks_[0].ok = false;

  EXPECT_EQ(Get("/livez").status, 200);
}

TEST_F(HandlerTest, IsReadyWhenEveryCheckIsOk) {
  const http::Response response = Get("/readyz");

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"({"ready":true,"degraded":[],"checks":[{"name":"database","ok":true},{"name":"catalog","ok":true}]})");
}

TEST_F(HandlerTest, IsReadyThoughItIsDegraded) {
  checks_[0] = {"database", false, "it is silent", Check::Weight::kDegrades};

  const http::Response response = Get("/readyz");

  EXPECT_EQ(response.status, 200);
  const boost::json::value body = boost::json::parse(response.body);
  EXPECT_EQ(body.at("ready"), true);
  EXPECT_EQ(body.at("degraded").at(0), "database");
  EXPECT_EQ(body.at("checks").at(0).at("ok"), false);
  EXPECT_EQ(body.at("checks").at(0).at("detail"), "it is silent");
}

TEST_F(HandlerTest, HealthNeedsNoControl) {
  const std::vector<std::pair<std::string, bool>> paths = {
      {"/livez", false}, {"/readyz", false}, {"/metrics", true}, {"/nope", false}};
  for (const auto& [path, needs] : paths) {
    http::Request request;
    request.method = "GET";
    request.target = path;
    EXPECT_EQ(NeedsControl(request), needs) << path;
  }
}

TEST_F(HandlerTest, SaysWhyItIsNotReady) {
  checks_[1] = {"catalog", false, "the \"schema\" is not loaded yet"};

  const http::Response response = Get("/readyz");

  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.headers.Find("Content-Type"), Optional(std::string_view("application/json")));
  const boost::json::value body = boost::json::parse(response.body);
  EXPECT_EQ(body.at("ready"), false);
  EXPECT_EQ(body.at("checks").at(1).at("detail"), "the \"schema\" is not loaded yet");
}

TEST_F(HandlerTest, GivesMetricsWithTheFormatsContentType) {
  const http::Response response = Get("/metrics?name=x");

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "pando_build_info 1\n");
  EXPECT_THAT(response.headers.Find("Content-Type"),
              Optional(std::string_view("text/plain; version=0.0.4; charset=utf-8")));
}

TEST_F(HandlerTest, GivesTheConfigurationAsJson) {
  const http::Response response = Get("/config");

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"http.listen":{}})");
  EXPECT_THAT(response.headers.Find("Cache-Control"), Optional(std::string_view("no-store")));
}

TEST_F(HandlerTest, GivesTheCacheWhereThereIsOne) {
  EXPECT_EQ(Get("/cache").body, R"({"answers":1})");
  cache_ = "";
  EXPECT_EQ(Get("/cache").status, 404);
}

TEST_F(HandlerTest, AnswersHeadAsGet) { EXPECT_EQ(Get("/readyz", "HEAD").status, 200); }

TEST_F(HandlerTest, RefusesOtherMethods) {
  const http::Response response = Get("/config", "POST");

  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(response.headers.Find("Allow"), Optional(std::string_view("GET, HEAD")));
}

TEST_F(HandlerTest, KnowsNoOtherPath) {
  for (const char* target : {"/", "/livez/", "/metricsx", "//livez", "/rest/v1/films"}) {
    EXPECT_EQ(Get(target).status, 404) << target;
  }
}

TEST_F(HandlerTest, RendersErrorsInTheFormatOfTheApi) {
  const http::Response response = RenderError(408, Error(ErrorId::kHttpTimeout, "too \"slow\"").WithHint("hurry"));

  EXPECT_EQ(response.status, 408);
  EXPECT_EQ(response.body, R"({"code":"PANDO2005","message":"too \"slow\"","details":null,"hint":"hurry"})");
}

}  // namespace
}  // namespace pando::admin
