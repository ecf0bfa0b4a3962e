#include "pgtypes/array.h"

#include <gtest/gtest.h>

#include <vector>

#include "pgtypes/sqlstate.h"

namespace pando::pgtypes {
namespace {

TEST(ArrayLiteral, IsEmptyBracesWithoutElements) { EXPECT_EQ(ArrayLiteral(std::vector<std::string>{}), "{}"); }

TEST(ArrayLiteral, QuotesWhateverCouldBeReadAsSyntax) {
  const std::vector<std::string> elements = {"plain", "", "NULL", "a,b", "{}", " x ", "say \"hi\"", "back\\slash"};

  EXPECT_EQ(ArrayLiteral(elements), R"({"plain","","NULL","a,b","{}"," x ","say \"hi\"","back\\slash"})");
}

TEST(ArrayLiteral, WritesNullBare) {
  const std::vector<std::optional<std::string>> elements = {std::nullopt, "x", std::nullopt};

  EXPECT_EQ(ArrayLiteral(elements), R"({NULL,"x",NULL})");
}

TEST(Sqlstate, IsInTheClassOfItsFirstTwoCharacters) {
  EXPECT_TRUE(InClass(sqlstate::kUniqueViolation, sqlstate::kClassIntegrity));
  EXPECT_FALSE(InClass(sqlstate::kUniqueViolation, sqlstate::kClassDataException));
  EXPECT_FALSE(InClass("23", sqlstate::kClassIntegrity));
}

}  // namespace
}  // namespace pando::pgtypes
