#include "http/conditional.h"

#include <gtest/gtest.h>

namespace pando::http {
namespace {

bool Names(const std::vector<std::string_view>& fields, std::string_view etag) {
  return NamesTag(fields, etag, TagComparison::kWeak);
}

TEST(ConditionalTest, FindsATagInAList) {
  EXPECT_TRUE(Names({"\"a\""}, "\"a\""));
  EXPECT_TRUE(Names({"\"b\", \"a\""}, "\"a\""));
  EXPECT_TRUE(Names({" ,, \"b\",\"a\" ,"}, "\"a\""));
  EXPECT_TRUE(Names({"\"b\"", "\"a\""}, "\"a\"")) << "in the second of two fields";
  EXPECT_TRUE(Names({"\"x,y\", \"a\""}, "\"a\"")) << "a tag may hold a comma";
}

TEST(ConditionalTest, ComparesWeaklyOrStrongly) {
  EXPECT_TRUE(Names({"W/\"a\""}, "\"a\""));
  EXPECT_TRUE(Names({"\"a\""}, "W/\"a\""));
  EXPECT_TRUE(NamesTag({"\"a\""}, "\"a\"", TagComparison::kStrong));
  EXPECT_FALSE(NamesTag({"W/\"a\""}, "\"a\"", TagComparison::kStrong));
  EXPECT_FALSE(NamesTag({"W/\"a\""}, "W/\"a\"", TagComparison::kStrong));
}

TEST(ConditionalTest, AnyTagIsAStarAlone) {
  EXPECT_TRUE(NamesAnyTag({"*"}));
  EXPECT_TRUE(NamesAnyTag({"\"b\"", " * "}));
  EXPECT_FALSE(NamesAnyTag({"*, \"b\""}));
  EXPECT_FALSE(NamesAnyTag({"\"*\""}));
  EXPECT_FALSE(NamesAnyTag({" "}));
  EXPECT_FALSE(Names({"*"}, "\"a\""));
}

TEST(ConditionalTest, DoesNotFindWhatIsNotThere) {
  EXPECT_FALSE(Names({}, "\"a\""));
  EXPECT_FALSE(Names({""}, "\"a\""));
  EXPECT_FALSE(Names({"\"A\""}, "\"a\"")) << "tags have case";
  EXPECT_FALSE(Names({"\"aa\""}, "\"a\""));
  EXPECT_FALSE(Names({"a"}, "\"a\"")) << "without quotes it is none";
  EXPECT_FALSE(Names({"\"a"}, "\"a\""));
  EXPECT_FALSE(Names({"w/\"a\""}, "\"a\"")) << "the W is upper case";
  EXPECT_FALSE(Names({"b, \"a\""}, "\"a\"")) << "nothing is read behind what is no tag";
  EXPECT_FALSE(Names({"\"a\""}, "")) << "an answer without a tag is nobody's";
}

}  // namespace
}  // namespace pando::http
