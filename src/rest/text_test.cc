// UTF-8, percent-encoding and JSON strings.
#include <gtest/gtest.h>

#include "rest/json_unescape.h"
#include "rest/percent.h"
#include "rest/utf8.h"

namespace pando::rest {
namespace {

TEST(Utf8, AcceptsEveryLengthOfCharacter) {
  for (const std::string_view text :
       {"", "plain ascii text", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "eight ch\xC3\xA9racters and more"}) {
    EXPECT_TRUE(IsValidUtf8(text)) << text;
  }
}

TEST(Utf8, RefusesOverlongSurrogateTooLargeAndCutCharacters) {
  for (const std::string_view text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xE2\x28\xA1", "0123456789\xC3"}) {
    EXPECT_FALSE(IsValidUtf8(text));
  }
}

TEST(Utf8, ReplacesEachByteThatBelongsToNoCharacter) {
  const std::string gone = "\xEF\xBF\xBD";
  EXPECT_EQ(WithValidUtf8(""), "");
  EXPECT_EQ(WithValidUtf8("gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\xB3"), "gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\xB3");
  EXPECT_EQ(WithValidUtf8("caf\xE9"), "caf" + gone);
  EXPECT_EQ(WithValidUtf8("\xE9t\xE9 and \xC3\xA9"), gone + "t" + gone + " and \xC3\xA9");
  EXPECT_EQ(WithValidUtf8("\xE2\x82"), gone + gone);
  EXPECT_EQ(WithValidUtf8("\xED\xA0\x80"), gone + gone + gone);
  EXPECT_EQ(WithValidUtf8("\xC0\x80"), gone + gone);
}

TEST(Utf8, AppendsCodePoints) {
  std::string text;
  for (const uint32_t code_point : {0x41u, 0xE9u, 0x20ACu, 0x1F600u, 0xD800u, 0x110000u}) AppendUtf8(code_point, text);
  EXPECT_EQ(text, "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(CountUtf8Characters(text), 6u);
}

std::string Decoded(std::string_view text, Plus plus) {
  std::string out;
  const Result<void> done = AppendPercentDecoded(text, plus, out);
  return done ? out : done.error().message();
}

TEST(PercentDecoding, DecodesEscapesAndPluses) {
  EXPECT_EQ(Decoded("a%20b+c%2B%c3%A9", Plus::kIsSpace), "a b c+\xC3\xA9");
  EXPECT_EQ(Decoded("a+b", Plus::kIsPlus), "a+b");
}

TEST(PercentDecoding, RefusesWhatPostgresCouldNotTake) {
  for (const std::string_view text : {"%", "%4", "a%zz", "%4g", "100%"}) {
    EXPECT_EQ(Decoded(text, Plus::kIsSpace), "invalid percent-encoding in the URL") << text;
  }
  EXPECT_EQ(Decoded("a%00b", Plus::kIsSpace), "the URL holds a NUL character");
  EXPECT_EQ(Decoded("%C3", Plus::kIsSpace), "the URL is not valid UTF-8 after decoding");
  EXPECT_EQ(Decoded("\xFF", Plus::kIsSpace), "the URL is not valid UTF-8 after decoding");
}

TEST(PercentEncoding, EscapesAllButUnreservedCharacters) {
  std::string out;
  AppendPercentEncoded("aZ09-_.~ ,(*)\xC3\xA9", out);
  EXPECT_EQ(out, "aZ09-_.~%20%2C%28%2A%29%C3%A9");
}

TEST(JsonStrings, AreUnescaped) {
  EXPECT_EQ(UnescapeJsonString(R"(a\"\\\/\b\f\n\r\tz)"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(UnescapeJsonString(R"(\u0041\u00e9\u20AC\ud83d\ude00)"), "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(JsonStrings, ReplaceALoneSurrogate) {
  EXPECT_EQ(UnescapeJsonString(R"(\ud83d)"), "\xEF\xBF\xBD");
  EXPECT_EQ(UnescapeJsonString(R"(\ud83dx)"), "\xEF\xBF\xBDx");
  EXPECT_EQ(UnescapeJsonString(R"(\ud83d\u0041)"),
            "\xEF\xBF\xBD"
            "A");
  EXPECT_EQ(UnescapeJsonString(R"(\ude00)"), "\xEF\xBF\xBD");
}

}  // namespace
}  // namespace pando::rest
