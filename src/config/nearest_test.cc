#include "config/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace pando::config {
namespace {

const std::vector<std::string> kKnown = {"http.listen", "http.tls_key", "rest.max_rows", "rest.prefix"};

TEST(NearestTest, CountsInsertionsRemovalsReplacementsAndSwaps) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("listen", "listn"), 1u);
  EXPECT_EQ(EditDistance("listen", "lisxen"), 1u);
  EXPECT_EQ(EditDistance("listen", "lisetn"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
}

TEST(NearestTest, ProposesTheClosestName) {
  EXPECT_EQ(Nearest("http.lisetn", kKnown), "http.listen");
  EXPECT_EQ(Nearest("rest.max_row", kKnown), "rest.max_rows");
  EXPECT_EQ(NearestHint("http.tlskey", kKnown), "did you mean \"http.tls_key\"?");
}

TEST(NearestTest, ProposesTheOptionWhoseSectionWasLeftOut) {
  EXPECT_EQ(Nearest("prefix", kKnown), "rest.prefix");
  const std::vector<std::string> flags = {"--config", "--http.listen"};
  EXPECT_EQ(Nearest("--listen", flags), "--http.listen");
}

TEST(NearestTest, ProposesNothingFarFetched) {
  EXPECT_EQ(Nearest("cache.url", kKnown), std::nullopt);
  EXPECT_EQ(Nearest("x", kKnown), std::nullopt);
  EXPECT_EQ(NearestHint("anything", {}), std::nullopt);
}

}  // namespace
}  // namespace pando::config
