#include "base/url.h"

#include <gtest/gtest.h>

namespace pando {
namespace {

TEST(UrlTest, IsTakenApart) {
  const Url url = ParseUrl("http://localhost:8080/rest/v1/items?id=eq.1#top").value();
  EXPECT_FALSE(url.is_tls);
  EXPECT_EQ(url.host, "localhost");
  EXPECT_EQ(url.port, 8080);
  EXPECT_EQ(url.target, "/rest/v1/items?id=eq.1");
  EXPECT_EQ(url.authority(), "localhost:8080");
}

TEST(UrlTest, TheSchemeHasAPortOfItsOwn) {
  EXPECT_EQ(ParseUrl("http://a").value().port, 80);
  EXPECT_EQ(ParseUrl("https://a/").value().port, 443);
  EXPECT_TRUE(ParseUrl("https://a/").value().is_tls);
  EXPECT_EQ(ParseUrl("https://a:443/").value().authority(), "a");
  EXPECT_EQ(ParseUrl("https://a:80/").value().authority(), "a:80");
}

TEST(UrlTest, AddressesOfSixHaveBrackets) {
  const Url url = ParseUrl("http://[::1]:8080/x").value();
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, 8080);
  EXPECT_EQ(url.authority(), "[::1]:8080");
  EXPECT_EQ(ParseUrl("http://[::1]").value().port, 80);
}

TEST(UrlTest, AQueryNeedsNoPath) { EXPECT_EQ(ParseUrl("http://a?x=1").value().target, "/?x=1"); }

TEST(UrlTest, WhatIsNoneIsRefused) {
  for (const char* text : {"", "a", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:99999", "http://a:x/",
                           "http://u:p@a/", "http://a/b c", "http://a/\r\nX: y", "http://[]"}) {
    EXPECT_FALSE(ParseUrl(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace pando
