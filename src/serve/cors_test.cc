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

TEST(CorsTest, LetsEveryPageReadARefusalWhereEveryPageMayRead) {
  RestOptions options;
  http::Response response;
  AddCorsHeadersForAll(options, response);
  EXPECT_EQ(response.headers.Find("access-control-allow-origin"), "*");
  options.cors_allowed_origins = {"http://example.com"};
  http::Response other;
  AddCorsHeadersForAll(options, other);
  EXPECT_EQ(other.headers.size(), 0u);
}

}  // namespace
}  // namespace pando::serve
