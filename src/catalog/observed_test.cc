#include "catalog/observed.h"

#include <gtest/gtest.h>

namespace pando::catalog {
namespace {

TEST(ObservedTest, KnowsTheSettingsOfARequestInAnyCase) {
  EXPECT_EQ(ObservedByName("request.jwt.claims"), Observed::kClaims);
  EXPECT_EQ(ObservedByName("Request.JWT.Claims"), Observed::kClaims);
  EXPECT_EQ(ObservedByName("app.settings.jwt_secret"), Observed::kAppSettings);
  EXPECT_EQ(ObservedByName("role"), Observed::kIdentity);
}

TEST(ObservedTest, WhateverElseIsOther) {
  for (const char* name : {"", "request.jwt.clai", "request.jwt.claims ", "app.settings", "timezone"}) {
    EXPECT_EQ(ObservedByName(name), Observed::kOther) << name;
  }
}

TEST(ObservedTest, WhatIsNeverMadeIsNothing) {
  for (const char* name : {"request.jwt.claim.sub", "Request.JWT.Claim", "request.header.x", "request.cookie.id"}) {
    EXPECT_EQ(ObservedByName(name), Observed::kNothing) << name;
  }
}

TEST(ObservedTest, SetsJoinAndOverlap) {
  const Observed two = Observed::kClaims | Observed::kPath;

  EXPECT_TRUE(Overlap(two, Observed::kPath));
  EXPECT_FALSE(Overlap(two, Observed::kHeaders));
  EXPECT_FALSE(Overlap(Observed::kNothing, Observed::kEverything));
  EXPECT_EQ(two | Observed::kEverything, Observed::kEverything);
}

}  // namespace
}  // namespace pando::catalog
