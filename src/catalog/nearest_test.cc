#include "catalog/nearest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::catalog {
namespace {

using ::testing::Optional;

TEST(Similarity, IsOneForEqualTextsAndZeroForDisjointOnes) {
  EXPECT_EQ(Similarity("films", "films"), 1.0);
  EXPECT_EQ(Similarity("abc", "xyz"), 0.0);
  EXPECT_EQ(Similarity("", ""), 1.0);
  EXPECT_EQ(Similarity("", "abcd"), 0.0);
}

TEST(Similarity, DividesTheEditDistanceByTheLongerLength) {
  EXPECT_DOUBLE_EQ(Similarity("projecxx", "projects"), 0.75);
  EXPECT_DOUBLE_EQ(Similarity("abc", "abcd"), 0.75);
}

TEST(Similarity, CountsCodePointsRatherThanBytes) {
  EXPECT_DOUBLE_EQ(Similarity("\u043c\u0438\u0440", "\u043c\u0438\u0433"), 1.0 - 1.0 / 3.0);
}

TEST(Similarity, TakesBrokenUtf8WithoutReadingBeyondIt) { EXPECT_LT(Similarity("ab\xF0", "abc"), 1.0); }

TEST(NameIndex, FindsTheClosestNameThatReachesTheThreshold) {
  const NameIndex index({"projects", "project_invoices", "clients", "tasks"});

  EXPECT_THAT(index.Nearest("projectx", 0.75), Optional(std::string("projects")));
  EXPECT_THAT(index.Nearest("projecxx", 0.75), Optional(std::string("projects")));
  EXPECT_EQ(index.Nearest("projxxxx", 0.75), std::nullopt);
  EXPECT_EQ(index.Nearest("zzz", 0.0), std::nullopt);
}

TEST(NameIndex, IgnoresLetterCaseAndAnswersTheNameAsItIs) {
  EXPECT_THAT(NameIndex({"UserAccounts"}).Nearest("useraccounts", 1.0), Optional(std::string("UserAccounts")));
}

TEST(NameIndex, TakesTheFirstOfEquallyCloseNames) {
  EXPECT_THAT(NameIndex({"item_c", "item_a", "item_b"}).Nearest("item_x", 0.5), Optional(std::string("item_a")));
}

TEST(NameIndex, FindsANameAmongTenThousandAlikeOnes) {
  std::vector<std::string> names;
  for (int i = 0; i < 10'000; ++i) names.push_back("table_" + std::to_string(i) + "_rows");
  names.push_back("customers");

  EXPECT_THAT(NameIndex(names).Nearest("custmers", 0.75), Optional(std::string("customers")));
}

TEST(NameIndex, GivesUpOnNamesLongerThanAnyIdentifier) {
  const std::string name(300, 'a');
  EXPECT_EQ(NameIndex({name}).Nearest(name, 0.1), std::nullopt);
}

}  // namespace
}  // namespace pando::catalog
