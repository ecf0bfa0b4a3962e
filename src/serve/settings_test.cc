#include "serve/settings.h"

#include <gtest/gtest.h>

#include "plan/test_catalog.h"

namespace pando::serve {
namespace {

using catalog::Observed;

// The setting that tells of `observed`, for a request with this field.
std::string SettingOf(Observed observed, std::string_view name, std::string_view value) {
  http::Request http;
  http.headers.Add(name, value);
  const rest::Request rest;
  const auth::Principal principal;
  const RestOptions options;
  const std::shared_ptr<const catalog::Catalog> catalog = plan::TestCatalog();
  const SettingsInput input{http, rest, principal, options, *catalog};
  const std::optional<pg::Command> command = ObservedSettings(input, observed);
  return command ? command->parameters.at(0).value_or("") : "";
}

TEST(SettingsTest, ShowHeaderValuesAsTheyWereSent) {
  EXPECT_EQ(SettingOf(Observed::kHeaders, "X-Name", "gr\xC3\xBC\xC3\x9F \"you\""),
            "{\"x-name\":\"gr\xC3\xBC\xC3\x9F \\\"you\\\"\"}");
  EXPECT_EQ(SettingOf(Observed::kCookies, "Cookie", "a=1; b=\xC3\xA9"), "{\"a\":\"1\",\"b\":\"\xC3\xA9\"}");
}

TEST(SettingsTest, ReplaceBytesThatAreNotUtf8) {
  EXPECT_EQ(SettingOf(Observed::kHeaders, "X-Name", "caf\xE9"), "{\"x-name\":\"caf\xEF\xBF\xBD\"}");
  EXPECT_EQ(SettingOf(Observed::kCookies, "Cookie", "\xE9=\xFFz; b=2"),
            "{\"\xEF\xBF\xBD\":\"\xEF\xBF\xBDz\",\"b\":\"2\"}");
}

}  // namespace
}  // namespace pando::serve
