#include "serve/cors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::serve {
namespace {

using testing::HasSubstr;

http::Request RequestFrom(const std::string& origin, const std::string& method = "GET") {
  http::Request request;
  request.method = method;
  if (!origin.empty()) request.headers.Add("Origin", origin);
  return request;
}

TEST(CorsTest, AnswersAPreflightWithWhatWasAskedFor) {
  http::Request request = RequestFrom("http://example.com", "OPTIONS");
  request.headers.Add("Access-Control-Request-Method", "POST");
  request.headers.Add("Access-Control-Request-Headers", "Foo,Bar");

  http::Response response;
  ASSERT_TRUE(AnswerPreflight(request, RestOptions{}, response));

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Find("access-control-allow-origin"), "*");
  EXPECT_EQ(response.headers.Find("access-control-allow-headers"),
            "Authorization, Foo,Bar, Accept, Accept-Language, Content-Language");
}

TEST(CorsTest, TakesOptionsWithoutARequestedMethodForAnOrdinaryRequest) {
  http::Response response;
  EXPECT_FALSE(AnswerPreflight(RequestFrom("http://example.com", "OPTIONS"), RestOptions{}, response));
  EXPECT_EQ(response.headers.size(), 0u);
}

TEST(CorsTest, EchoesAnOriginOfTheListWithCredentials) {
  RestOptions options;
  options.cors_allowed_origins = {"http://example.com"};
  http::Response response;

  AddCorsHeaders(RequestFrom("http://example.com"), options, response);

  EXPECT_EQ(response.headers.Find("access-control-allow-origin"), "http://example.com");
  EXPECT_EQ(response.headers.Find("access-control-allow-credentials"), "true");
}

TEST(CorsTest, StaysSilentForAnyOtherOrigin) {
  RestOptions options;
  options.cors_allowed_origins = {"http://example.com"};
  http::Response response;

  AddCorsHeaders(RequestFrom("http://evil.example"), options, response);

  EXPECT_FALSE(response.headers.Find("access-control-allow-origin"));
}

TEST(CorsTest, ShowsThePageTheHeadersItNeeds) {
  http::Response response;
  AddCorsHeaders(RequestFrom("http://example.com"), RestOptions{}, response);
  const std::string exposed =
      ", " + std::string(response.headers.Find("access-control-expose-headers").value_or("")) + ",";
  for (const char* name :
       {"Content-Range", "ETag", "Pando-Position", "X-Request-Id", "Preference-Applied", "Proxy-Status", "Cache-Status",
        "Retry-After", "RateLimit", "RateLimit-Policy", "Content-Disposition", "Location", "Content-Profile",
        "Server-Timing", "WWW-Authenticate", "Allow", "Warning"}) {
    EXPECT_THAT(exposed, HasSubstr(std::string(", ") + name + ","));
  }
}

TEST(CorsTest, ShowsThePageTheTraceHeader) {
  RestOptions options;
  options.trace_header = "X-Trace";
  http::Response response;
  AddCorsHeaders(RequestFrom("http://example.com"), options, response);
  EXPECT_THAT(std::string(response.headers.Find("access-control-expose-headers").value_or("")), HasSubstr(", X-Trace"));
}

TEST(CorsTest, ShowsThePageWhatAFunctionShows) {
  http::Response response;
  response.headers.Set("Access-Control-Expose-Headers", "X-Own");
  AddCorsHeaders(RequestFrom("http://example.com"), RestOptions{}, response);
  const auto exposed = std::string(response.headers.Find("access-control-expose-headers").value_or(""));
  EXPECT_THAT(exposed, AllOf(HasSubstr("ETag, "), HasSubstr(", X-Own")));
}

TEST(CorsTest, LetsAPageReadARefusalThatMayReadTheAnswers) {
  const auto allowed = [](const http::Request* request, const RestOptions& options) {
    http::Response response;
    AddCorsHeadersToRefusal(request, options, response);
    return std::string(response.headers.Find("access-control-allow-origin").value_or("none"));
  };
  const http::Request good = RequestFrom("http://example.com"), bad = RequestFrom("http://evil.example");
  RestOptions options;
  EXPECT_EQ(allowed(nullptr, options), "*");
  EXPECT_EQ(allowed(&bad, options), "*");
  options.cors_allowed_origins = {"http://example.com"};
  EXPECT_EQ(allowed(&good, options), "http://example.com");
  EXPECT_EQ(allowed(&bad, options), "none");
  EXPECT_EQ(allowed(nullptr, options), "none");
}

}  // namespace
}  // namespace pando::serve
