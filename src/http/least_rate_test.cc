#include "http/least_rate.h"

#include <gtest/gtest.h>

namespace pando::http {
namespace {

using std::chrono::seconds;

constexpr Clock::time_point kBegin{seconds(1000)};

TEST(LeastRateTest, GivesNewTimeForEachShareThatWasMoved) {
  LeastRate rate(100, seconds(10), kBegin);
  EXPECT_EQ(rate.deadline(), kBegin + seconds(10));
  rate.Note(999, kBegin + seconds(4));
  EXPECT_EQ(rate.deadline(), kBegin + seconds(10)) << "a share is 1,000 bytes";
  rate.Note(1, kBegin + seconds(9));
  EXPECT_EQ(rate.deadline(), kBegin + seconds(19));
}

TEST(LeastRateTest, GivesNoMoreTimeForManySharesAtOnce) {
  LeastRate rate(100, seconds(10), kBegin);
  rate.Note(1'000'000, kBegin + seconds(1));
  EXPECT_EQ(rate.deadline(), kBegin + seconds(11));
}

TEST(LeastRateTest, IsOffAtZero) {
  LeastRate rate(0, seconds(10), kBegin);
  rate.Note(1, kBegin + seconds(1));
  EXPECT_EQ(rate.deadline(), Clock::time_point::max());
}

}  // namespace
}  // namespace pando::http
