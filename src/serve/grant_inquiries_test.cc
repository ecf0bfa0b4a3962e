#include "serve/grant_inquiries.h"

#include <gtest/gtest.h>

namespace pando::serve {
namespace {

using std::chrono::milliseconds;

class GrantInquiriesTest : public testing::Test {
 protected:
  // What becomes of a refusal: "asks", a known answer, or "".
  std::string Enter(const std::string& refusal, size_t question = 1) {
    const GrantInquiries::Turn turn = inquiries_.Enter(refusal, question, now_);
    return turn.may_ask ? "asks" : turn.known.value_or("");
  }

  GrantInquiries inquiries_;
  Clock::time_point now_ = Clock::now();
};

TEST_F(GrantInquiriesTest, AsksOnceInAnInterval) {
  EXPECT_EQ(Enter("a"), "asks");
  inquiries_.Leave("a", "GRANT");
  now_ += milliseconds(999);
  EXPECT_EQ(Enter("a"), "GRANT");
  now_ += milliseconds(1);
  EXPECT_EQ(Enter("a"), "asks");
}

TEST_F(GrantInquiriesTest, HasOneQuestionUnderWay) {
  EXPECT_EQ(Enter("a"), "asks");
  EXPECT_EQ(Enter("a"), "");
  EXPECT_EQ(Enter("b"), "");
  inquiries_.Leave("a", "GRANT");
  EXPECT_EQ(Enter("b"), "asks");
}

TEST_F(GrantInquiriesTest, GivesNoAnswerToAnotherQuestion) {
  EXPECT_EQ(Enter("a", 1), "asks");
  inquiries_.Leave("a", "GRANT");
  EXPECT_EQ(Enter("a", 2), "");
  EXPECT_EQ(Enter("a", 1), "GRANT");
}

TEST_F(GrantInquiriesTest, AsksAgainLaterWhereAQuestionFailed) {
  EXPECT_EQ(Enter("a"), "asks");
  inquiries_.Leave("a", std::nullopt);
  EXPECT_EQ(Enter("a"), "");
  now_ += GrantInquiries::kInterval;
  EXPECT_EQ(Enter("a"), "asks");
}

TEST_F(GrantInquiriesTest, IsBounded) {
  for (size_t i = 0; i < GrantInquiries::kRememberedMax; ++i) {
    ASSERT_EQ(Enter(std::to_string(i)), "asks");
    inquiries_.Leave(std::to_string(i), "GRANT");
  }
  EXPECT_EQ(Enter("one more"), "");
  EXPECT_EQ(Enter("0"), "GRANT");
  now_ += GrantInquiries::kInterval;
  EXPECT_EQ(Enter("one more"), "asks");
}

}  // namespace
}  // namespace pando::serve
