#include "rest/preferences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::rest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Preferences, ReadEveryKind) {
  const Preferences all = ParsePreferences(
      {"return=representation, count=exact,resolution=merge-duplicates",
       "missing=default,handling=strict , tx=rollback, max-affected=5, timezone=America/Los_Angeles", "wait=30"},
      true);
  EXPECT_EQ(all.return_, PreferReturn::kRepresentation);
  EXPECT_EQ(all.count, PreferCount::kExact);
  EXPECT_EQ(all.resolution, PreferResolution::kMergeDuplicates);
  EXPECT_EQ(all.missing, PreferMissing::kDefault);
  EXPECT_EQ(all.handling, PreferHandling::kStrict);
  EXPECT_EQ(all.tx, PreferTx::kRollback);
  EXPECT_EQ(all.max_affected, 5);
  EXPECT_EQ(all.wait_seconds, 30u);
  EXPECT_EQ(all.timezone, "America/Los_Angeles");
  EXPECT_THAT(all.invalid, IsEmpty());
}

TEST(Preferences, KeepTheFirstOfAKind) {
  const Preferences preferences =
      ParsePreferences({"return=minimal, return=headers-only", "return=representation"}, false);
  EXPECT_EQ(preferences.return_, PreferReturn::kMinimal);
  EXPECT_THAT(preferences.invalid, IsEmpty());
}

TEST(Preferences, ListWhatTheyDoNotUnderstand) {
  const Preferences preferences = ParsePreferences(
      {"anything, count=none,,", "max-affected=many, max-affected=-1, return=Minimal, wait=soon, wait=-1"}, false);
  EXPECT_FALSE(preferences.count);
  EXPECT_FALSE(preferences.max_affected);
  EXPECT_FALSE(preferences.wait_seconds);
  EXPECT_THAT(preferences.invalid, ElementsAre("anything", "count=none", "max-affected=many", "max-affected=-1",
                                               "return=Minimal", "wait=soon", "wait=-1"));
}

TEST(Preferences, HaveNamesInAnyLetterCase) {
  const Preferences preferences = ParsePreferences({"Handling = strict,MAX-AFFECTED=1"}, false);
  EXPECT_EQ(preferences.handling, PreferHandling::kStrict);
  EXPECT_EQ(preferences.max_affected, 1);
  EXPECT_THAT(preferences.invalid, IsEmpty());
}

TEST(Preferences, KnowTxOnlyWhereTheServerAllowsTheOverride) {
  const Preferences refused = ParsePreferences({"tx=commit"}, false);
  EXPECT_FALSE(refused.tx);
  EXPECT_THAT(refused.invalid, ElementsAre("tx=commit"));
  EXPECT_EQ(ParsePreferences({"tx=commit"}, true).tx, PreferTx::kCommit);
}

}  // namespace
}  // namespace pando::rest
