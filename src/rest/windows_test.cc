#include "rest/windows.h"

#include <gtest/gtest.h>

#include <limits>

#include "rest/show_for_tests.h"

namespace pando::rest {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

struct Case {
  std::vector<WindowParameter> parameters;
  std::optional<std::string_view> range;
  std::string_view shown;  // windows, or the error's detail
};

WindowParameter Limit(int64_t value, EmbedPath path = {}) { return {std::move(path), true, value}; }
WindowParameter Offset(int64_t value, EmbedPath path = {}) { return {std::move(path), false, value}; }

constexpr std::string_view kInverted =
    "The lower boundary must be lower than or equal to the upper boundary in the Range header.";
constexpr std::string_view kNegative = "Limit should be greater than or equal to zero.";

std::string Merged(const Case& it) {
  const auto windows = MergeWindows(it.parameters, it.range);
  if (!windows) return windows.error().detail().value_or("");
  std::string text;
  for (const At<Window>& window : *windows) text += Show(window.path) + Show(window.value) + " ";
  return text;
}

TEST(Windows, IntersectLimitOffsetAndRange) {
  const Case cases[] = {
      {{}, std::nullopt, ""},
      {{Limit(3)}, std::nullopt, "3@0 "},
      {{Limit(3), Offset(2)}, std::nullopt, "3@2 "},
      {{Offset(2)}, std::nullopt, "all@2 "},
      {{Offset(0)}, std::nullopt, ""},
      {{Limit(0)}, std::nullopt, "0@0 "},
      {{Limit(0), Offset(7)}, "9-8", "0@0 "},
      {{Limit(-1)}, std::nullopt, kNegative},
      {{}, "0-1", "2@0 "},
      {{}, " 0-1 ", "2@0 "},
      {{}, "items=0-1", "2@0 "},
      {{Limit(4)}, "Items=2-", "2@2 "},
      {{}, "10-100", "91@10 "},
      {{}, "5-", "all@5 "},
      {{}, "0-", ""},
      {{}, "1-0", kInverted},
      {{Limit(10)}, "5-9", "5@5 "},
      {{Limit(2), Offset(6)}, "5-9", "2@6 "},
      {{Limit(10)}, "20-30", kNegative},
      {{Offset(50)}, "20-30", kNegative},
      {{Limit(2, {"a", "b"}), Offset(1, {"a"}), Limit(4)}, std::nullopt, "4@0 a/all@1 a/b/2@0 "},
      {{Limit(-2, {"a"})}, std::nullopt, kNegative},
      {{Limit(kMax), Offset(kMax)}, std::nullopt, "all@9223372036854775807 "},
      {{}, "99999999999999999999-", "all@9223372036854775807 "},
  };
  for (const Case& it : cases) EXPECT_EQ(Merged(it), it.shown);
}

TEST(Windows, RefuseARangeOfAnotherForm) {
  for (const std::string_view range : {"", "-", "-5", "a-b", "0-1, 3-4", "1--2", "5", "0-1x", "items=", "items=-5",
                                       "items=0-1,3-4", "=0-1", "a b=0-1"}) {
    const auto windows = MergeWindows({}, range);
    ASSERT_FALSE(windows) << range;
    EXPECT_EQ(windows.error().code(), "PANDO2012") << range;
  }
}

TEST(Windows, LeaveOutARangeOfAnotherUnit) {
  for (const std::string_view range : {"bytes=0-99", "bytes=-5", "x-unit=anything"}) {
    EXPECT_EQ(Merged({{Limit(3)}, range, ""}), Merged({{Limit(3)}, std::nullopt, ""})) << range;
  }
}

TEST(Windows, AnswerWithTheRangeError) {
  const auto windows = MergeWindows({Limit(-1)}, std::nullopt);
  ASSERT_FALSE(windows);
  EXPECT_EQ(windows.error().code(), "PGRST103");
  EXPECT_EQ(windows.error().message(), "Requested range not satisfiable");
}

TEST(Windows, ReadNumbersAndIgnoreEverythingElse) {
  EXPECT_EQ(ParseWindowNumber("15"), 15);
  EXPECT_EQ(ParseWindowNumber(" 15 "), 15);
  EXPECT_EQ(ParseWindowNumber("-4"), -4);
  EXPECT_EQ(ParseWindowNumber("123456789012345678901234567890"), kMax);
  for (const std::string_view text : {"", "-", "x", "1x", "1.5", "--1", "1 2"}) {
    EXPECT_EQ(ParseWindowNumber(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace pando::rest
