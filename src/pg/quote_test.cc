#include <gtest/gtest.h>

#include <string>

#include "pg/quote.h"

namespace pando::pg {
namespace {

using namespace std::string_literals;

TEST(QuoteIdentifier, DoublesQuotesAndKeepsTheRest) {
  EXPECT_EQ(QuoteIdentifier("plain"), "\"plain\"");
  EXPECT_EQ(QuoteIdentifier("Mixed Case"), "\"Mixed Case\"");
  EXPECT_EQ(QuoteIdentifier("a\"; drop table t; --"), "\"a\"\"; drop table t; --\"");
  EXPECT_EQ(QuoteIdentifier("back\\slash"), "\"back\\slash\"");
}

TEST(QuoteIdentifier, LeavesOutZeroBytes) { EXPECT_EQ(QuoteIdentifier("a\0b"s), "\"ab\""); }

TEST(QuoteLiteral, DoublesQuotes) {
  EXPECT_EQ(QuoteLiteral(""), "''");
  EXPECT_EQ(QuoteLiteral("it's"), "'it''s'");
}

TEST(QuoteLiteral, UsesTheEscapeFormForBackslashesSoThatNoSettingChangesItsMeaning) {
  EXPECT_EQ(QuoteLiteral("a\\'b"), " E'a\\\\''b'");
}

TEST(QuoteLiteral, LeavesOutZeroBytes) { EXPECT_EQ(QuoteLiteral("a\0b"s), "'ab'"); }

}  // namespace
}  // namespace pando::pg
