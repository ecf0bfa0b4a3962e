#include "serve/response_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::serve {
namespace {

using testing::ElementsAre;

TEST(ResponseSettingsTest, ReplaceAServerHeaderAndRepeatTheirOwn) {
  http::Response response;
  response.headers.Add("Content-Type", "application/json");
  const std::string headers = R"([{"content-type":"text/plain"},{"Set-Cookie":"a=1"},{"Set-Cookie":"b=2"}])";

  ASSERT_TRUE(ApplyResponseSettings(headers, "201", response));

  EXPECT_EQ(response.status, 201);
  EXPECT_THAT(response.headers.FindAll("content-type"), ElementsAre("text/plain"));
  EXPECT_THAT(response.headers.FindAll("set-cookie"), ElementsAre("a=1", "b=2"));
}

TEST(ResponseSettingsTest, RefuseHeadersOfAnyOtherShape) {
  for (const char* text : {"{}", "[1]", R"([{"a":1}])", R"([{"a":"b","c":"d"}])", "nonsense", R"([{"":"x"}])"}) {
    http::Response response;
    const Result<void> applied = ApplyResponseSettings(text, std::nullopt, response);
    ASSERT_FALSE(applied) << text;
    EXPECT_EQ(applied.error().id(), ErrorId::kResponseHeadersSetting) << text;
  }
}

TEST(ResponseSettingsTest, RefuseAValueThatWouldSplitTheResponse) {
  http::Response response;
  EXPECT_FALSE(ApplyResponseSettings(R"([{"X-A":"b\r\nSet-Cookie: evil=1"}])", std::nullopt, response));
}

TEST(ResponseSettingsTest, RefuseAStatusThatIsNone) {
  for (const char* text : {"", "abc", "99", "1000", "200x"}) {
    http::Response response;
    EXPECT_FALSE(ApplyResponseSettings(std::nullopt, text, response)) << text;
  }
}

}  // namespace
}  // namespace pando::serve
