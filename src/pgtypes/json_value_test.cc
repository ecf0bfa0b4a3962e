#include "pgtypes/json_value.h"

#include <gtest/gtest.h>

namespace pando::pgtypes {
namespace {

std::string JsonOf(Oid type, std::string_view text) {
  const JsonForm form = JsonFormOf(type);
  std::string out(JsonSizeMax(form, text), '\0');
  const char* end = WriteJson(out.data(), form, text);
  return end ? out.substr(0, static_cast<size_t>(end - out.data())) : "unknown";
}

TEST(JsonValueTest, PrintsNumbersBareAndTheirExceptionsAsStrings) {
  EXPECT_EQ(JsonOf(oid::kInt4, "-12"), "-12");
  EXPECT_EQ(JsonOf(oid::kNumeric, "0.10"), "0.10");
  EXPECT_EQ(JsonOf(oid::kFloat8, "1e+20"), "1e+20");
  EXPECT_EQ(JsonOf(oid::kFloat8, "NaN"), "\"NaN\"");
  EXPECT_EQ(JsonOf(oid::kFloat8, "-Infinity"), "\"-Infinity\"");
}

TEST(JsonValueTest, PrintsBooleansAndJsonAsTheyAre) {
  EXPECT_EQ(JsonOf(oid::kBool, "t"), "true");
  EXPECT_EQ(JsonOf(oid::kBool, "f"), "false");
  EXPECT_EQ(JsonOf(oid::kJson, "{ \"a\" : [1,\n2] }"), "{ \"a\" : [1,\n2] }");
  EXPECT_EQ(JsonOf(oid::kJsonb, "null"), "null");
}

TEST(JsonValueTest, EscapesWhatAStringMustNotHoldAndNothingElse) {
  EXPECT_EQ(JsonOf(oid::kText, "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9"),
            "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\"");
  EXPECT_EQ(JsonOf(oid::kText, ""), "\"\"");
  EXPECT_EQ(JsonOf(oid::kBytea, "\\x00ff"), "\"\\\\x00ff\"");
}

TEST(JsonValueTest, FindsWhatMustBeEscapedInAnyPlaceOfALongText) {
  for (const auto& [raw, escaped] :
       {std::pair("\x01", "\\u0001"), {"\x1f", "\\u001f"}, {"\"", "\\\""}, {"\\", "\\\\"}}) {
    for (size_t before = 0; before < 20; ++before) {
      const std::string head(before, '\xff'), tail(11, ' ');
      EXPECT_EQ(JsonOf(oid::kText, head + raw + tail + raw), '"' + head + escaped + tail + escaped + '"');
    }
  }
}

TEST(JsonValueTest, PrintsTimestampsInXsdForm) {
  EXPECT_EQ(JsonOf(oid::kDate, "2026-11-24"), "\"2026-11-24\"");
  EXPECT_EQ(JsonOf(oid::kDate, "0044-03-15 BC"), "\"0044-03-15 BC\"");
  EXPECT_EQ(JsonOf(oid::kDate, "infinity"), "\"infinity\"");
  EXPECT_EQ(JsonOf(oid::kTimestamp, "2026-11-24 16:08:09.5"), "\"2026-11-24T16:08:09.5\"");
  EXPECT_EQ(JsonOf(oid::kTimestamp, "12026-11-24 16:08:09 BC"), "\"12026-11-24T16:08:09 BC\"");
  EXPECT_EQ(JsonOf(oid::kTimestamptz, "2026-11-24 16:08:09+01"), "\"2026-11-24T16:08:09+01:00\"");
  EXPECT_EQ(JsonOf(oid::kTimestamptz, "2026-11-24 16:08:09-03:30"), "\"2026-11-24T16:08:09-03:30\"");
  EXPECT_EQ(JsonOf(oid::kTimestamptz, "1800-01-01 00:00:00+00:53:28 BC"), "\"1800-01-01T00:00:00+00:53:28 BC\"");
  EXPECT_EQ(JsonOf(oid::kTimestamptz, "-infinity"), "\"-infinity\"");
}

TEST(JsonValueTest, KnowsNoOtherDateStyle) {
  EXPECT_EQ(JsonOf(oid::kDate, "24.11.2026"), "unknown");
  EXPECT_EQ(JsonOf(oid::kDate, "11/24/2026"), "unknown");
  EXPECT_EQ(JsonOf(oid::kTimestamp, "Tue Nov 24 16:08:09 2026"), "unknown");
  EXPECT_EQ(JsonOf(oid::kTimestamptz, "24/11/2026 16:08:09 CET"), "unknown");
  EXPECT_EQ(JsonOf(oid::kTimestamptz, "2026-11-24 16:08:09 CET"), "unknown");
}

TEST(JsonValueTest, KnowsNeitherArraysNorTypesThatSomebodyMade) {
  EXPECT_EQ(JsonFormOf(oid::kTextArray), JsonForm::kUnknown);
  EXPECT_EQ(JsonFormOf(oid::kRecord), JsonForm::kUnknown);
  EXPECT_EQ(JsonFormOf(16384), JsonForm::kUnknown);
  EXPECT_EQ(JsonFormOf(oid::kUuid), JsonForm::kString);
  EXPECT_EQ(JsonFormOf(3912), JsonForm::kString);
  EXPECT_EQ(JsonOf(16384, "x"), "unknown");
}

TEST(JsonValueTest, MakesRoomForALongTextAsItIs) {
  const std::string plain(10'000, 'x'), escaped(10'000, '\x01');
  EXPECT_EQ(JsonOf(oid::kText, plain), '"' + plain + '"');
  EXPECT_EQ(JsonSizeMax(JsonForm::kString, plain), 10'002u);
  EXPECT_EQ(JsonOf(oid::kText, escaped).size(), 60'002u);
  EXPECT_EQ(JsonSizeMax(JsonForm::kString, escaped), 60'002u);
}

}  // namespace
}  // namespace pando::pgtypes
