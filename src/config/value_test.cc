#include "config/value.h"

#include <gtest/gtest.h>

namespace pando::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using List = std::vector<std::string>;

TEST(ValueTest, ReadsBooleansOfEveryCommonSpellingFromText) {
  for (const char* word : {"true", "TRUE", "on", "On", "yes", "1", " true "})
    EXPECT_EQ(ParseBool(Text{word}), true) << word;
  for (const char* word : {"false", "False", "off", "no", "0"}) EXPECT_EQ(ParseBool(Text{word}), false) << word;
  for (const char* word : {"", "2", "truthy", "y"}) EXPECT_EQ(ParseBool(Text{word}), std::nullopt) << word;
}

TEST(ValueTest, TakesOnlyABooleanOfTomlForABoolean) {
  EXPECT_EQ(ParseBool(true), true);
  EXPECT_EQ(ParseBool(std::string("true")), std::nullopt);
  EXPECT_EQ(ParseBool(int64_t{1}), std::nullopt);
}

TEST(ValueTest, ReadsIntegersUpToThirtyTwoBits) {
  EXPECT_EQ(ParseUint32(int64_t{4294967295}), 4294967295u);
  EXPECT_EQ(ParseUint32(int64_t{4294967296}), std::nullopt);
  EXPECT_EQ(ParseUint32(int64_t{-1}), std::nullopt);
  EXPECT_EQ(ParseUint32(Text{"16"}), 16u);
  for (const char* text : {"", "-1", "+1", "1.5", "16x", "4294967296", "99999999999999999999"}) {
    EXPECT_EQ(ParseUint32(Text{text}), std::nullopt) << text;
  }
  EXPECT_EQ(ParseUint32(std::string("16")), std::nullopt);
}

TEST(ValueTest, ReadsADurationWithItsUnitOnly) {
  EXPECT_EQ(ParseMilliseconds(Text{"500ms"}), milliseconds(500));
  EXPECT_EQ(ParseMilliseconds(std::string("10s")), seconds(10));
  EXPECT_EQ(ParseMilliseconds(Text{"5m"}), minutes(5));
  EXPECT_EQ(ParseMilliseconds(Text{"1h"}), hours(1));
  EXPECT_EQ(ParseMilliseconds(Text{"0"}), milliseconds(0));
  EXPECT_EQ(ParseMilliseconds(int64_t{0}), milliseconds(0));
  EXPECT_EQ(ParseMilliseconds(int64_t{10}), std::nullopt);
  for (const char* text : {"", "10", "s", "-1s", "1.5s", "1d", "10 s", "99999999999999999h"}) {
    EXPECT_EQ(ParseMilliseconds(Text{text}), std::nullopt) << text;
  }
}

TEST(ValueTest, ReadsSizesInBytesOrBinaryUnits) {
  EXPECT_EQ(ParseBytes(int64_t{1000}), Bytes{1000});
  EXPECT_EQ(ParseBytes(Text{"1000"}), Bytes{1000});
  EXPECT_EQ(ParseBytes(std::string("64KiB")), KiB(64));
  EXPECT_EQ(ParseBytes(Text{"10MiB"}), MiB(10));
  EXPECT_EQ(ParseBytes(Text{"2GiB"}), GiB(2));
  EXPECT_EQ(ParseBytes(int64_t{-1}), std::nullopt);
  for (const char* text : {"", "10MB", "MiB", "-1KiB", "99999999999999GiB"}) {
    EXPECT_EQ(ParseBytes(Text{text}), std::nullopt) << text;
  }
}

TEST(ValueTest, SplitsTextIntoAListAtCommasOutsideOfQuotes) {
  EXPECT_EQ(ParseList(Text{"api, private ,v 1"}), (List{"api", "private", "v 1"}));
  EXPECT_EQ(ParseList(Text{R"("a,b","say ""hi""",c)"}), (List{"a,b", "say \"hi\"", "c"}));
  EXPECT_EQ(ParseList(Text{R"(SPECIAL "@/\#~_-)"}), (List{R"(SPECIAL "@/\#~_-)"}));
  EXPECT_EQ(ParseList(Text{""}), List{});
  EXPECT_EQ(ParseList(Text{"a,"}), List{"a"});
  EXPECT_EQ(ParseList(Text{R"("a)"}), std::nullopt);
  EXPECT_EQ(ParseList(Text{R"("a"b)"}), std::nullopt);
}

TEST(ValueTest, TakesAnArrayOfTomlButNoStringForAList) {
  EXPECT_EQ(ParseList(List{"a,b"}), List{"a,b"});
  EXPECT_EQ(ParseList(std::string("a,b")), std::nullopt);
}

TEST(ValueTest, PrintsDurationsAndSizesInTheLargestExactUnit) {
  EXPECT_EQ(Format(milliseconds(1500)), "1500ms");
  EXPECT_EQ(Format(seconds(90)), "90s");
  EXPECT_EQ(Format(minutes(60)), "1h");
  EXPECT_EQ(Format(milliseconds(0)), "0s");
  EXPECT_EQ(Format(MiB(10)), "10MiB");
  EXPECT_EQ(Format(Bytes{1500}), "1500");
  EXPECT_EQ(Format(Bytes{0}), "0");
}

TEST(ValueTest, QuotesEveryCharacterThatTomlForbids) { EXPECT_EQ(Quoted("a\"b\\c\n\x7f"), R"("a\"b\\c\n\u007F")"); }

TEST(ValueTest, HidesPasswordsInUrisAndConnectionStrings) {
  EXPECT_EQ(MaskPassword("postgres://me:secret@host:5432/db"), "postgres://me:***@host:5432/db");
  EXPECT_EQ(MaskPassword("postgres://me:se@cr/et@host/db?x=y@z"), "postgres://me:***@host/db?x=y@z");
  EXPECT_EQ(MaskPassword("postgres://me:se?cret@host/db"), "postgres://me:***@host/db");
  EXPECT_EQ(MaskPassword("postgres://host/db?user=me&password=secret&x=1"),
            "postgres://host/db?user=me&password=***&x=1");
  EXPECT_EQ(MaskPassword("host=h password='se cret' user=me"), "host=h password=*** user=me");
  EXPECT_EQ(MaskPassword("user=me password=secret"), "user=me password=***");
}

TEST(ValueTest, LeavesTextWithoutAPasswordAsItIs) {
  for (const char* text :
       {"", "embedded:data", "postgres://me@host/db", "postgres://host:5432/db", "http://[::1]:3000/"}) {
    EXPECT_EQ(MaskPassword(text), text);
  }
}

}  // namespace
}  // namespace pando::config
