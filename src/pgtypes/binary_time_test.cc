#include "pgtypes/binary_time.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/byte_order.h"

namespace pando::pgtypes {
namespace {

template <class Integer>
std::string JsonOf(JsonForm form, Integer number) {
  std::string bytes;
  AppendNumber(bytes, number);
  std::string out(kBinaryTimeJsonSizeMax, '\0');
  const char* end = WriteBinaryTimeJson(out.data(), form, bytes);
  return end ? out.substr(0, static_cast<size_t>(end - out.data())) : "none";
}

std::string DateJson(int32_t days) { return JsonOf(JsonForm::kDate, days); }
std::string TimestampJson(int64_t microseconds) { return JsonOf(JsonForm::kTimestamp, microseconds); }

TEST(BinaryTimeTest, WritesDates) {
  EXPECT_EQ(DateJson(0), "\"2000-01-01\"");
  EXPECT_EQ(DateJson(-1), "\"1999-12-31\"");
  EXPECT_EQ(DateJson(59), "\"2000-02-29\"");
  EXPECT_EQ(DateJson(60), "\"2000-03-01\"");
  EXPECT_EQ(DateJson(36'584), "\"2100-03-01\"") << "2100 has no leap day";
  EXPECT_EQ(DateJson(-730'119), "\"0001-01-01\"");
  EXPECT_EQ(DateJson(-730'120), "\"0001-12-31 BC\"");
  EXPECT_EQ(DateJson(-2'451'545), "\"4714-11-24 BC\"");
  EXPECT_EQ(DateJson(2'145'031'948), "\"5874897-12-31\"");
}

TEST(BinaryTimeTest, WritesTimestampsInXsdForm) {
  EXPECT_EQ(TimestampJson(0), "\"2000-01-01T00:00:00\"");
  EXPECT_EQ(TimestampJson(-1), "\"1999-12-31T23:59:59.999999\"");
  EXPECT_EQ(TimestampJson(1'500'000), "\"2000-01-01T00:00:01.5\"");
  EXPECT_EQ(TimestampJson(50), "\"2000-01-01T00:00:00.00005\"");
  EXPECT_EQ(JsonOf(JsonForm::kTimestamptz, int64_t{86'399'000'000}), "\"2000-01-01T23:59:59+00:00\"");
  EXPECT_EQ(JsonOf(JsonForm::kTimestamptz, int64_t{-730'120} * 86'400'000'000), "\"0001-12-31T00:00:00+00:00 BC\"");
}

TEST(BinaryTimeTest, TheEndsOfTheRangeAreInfinite) {
  EXPECT_EQ(DateJson(std::numeric_limits<int32_t>::max()), "\"infinity\"");
  EXPECT_EQ(DateJson(std::numeric_limits<int32_t>::min()), "\"-infinity\"");
  EXPECT_EQ(TimestampJson(std::numeric_limits<int64_t>::max()), "\"infinity\"");
  EXPECT_EQ(TimestampJson(std::numeric_limits<int64_t>::min()), "\"-infinity\"");
}

TEST(BinaryTimeTest, WritesNothingElse) {
  EXPECT_EQ(JsonOf(JsonForm::kDate, int64_t{0}), "none");
  EXPECT_EQ(JsonOf(JsonForm::kTimestamp, int32_t{0}), "none");
  EXPECT_EQ(JsonOf(JsonForm::kString, int64_t{0}), "none");
}

}  // namespace
}  // namespace pando::pgtypes
