#include "serve/surrogate_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::serve {
namespace {

using ::testing::MatchesRegex;

TEST(SurrogateKeys, AreOfTheTagAndTheSecret) {
  const SurrogateKeys keys("secret"), same("secret"), other("another");
  EXPECT_THAT(keys.KeyOf(7), MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(keys.KeyOf(7), same.KeyOf(7));
  EXPECT_NE(keys.KeyOf(7), keys.KeyOf(8));
  EXPECT_NE(keys.KeyOf(7), other.KeyOf(7));
}

TEST(SurrogateKeys, ASecretThatComesLaterCounts) {
  SurrogateKeys keys("secret");
  const SurrogateKeys later("later");
  keys.SetSecret("later");
  EXPECT_EQ(keys.KeyOf(7), later.KeyOf(7));
}

TEST(SurrogateKeys, AnAnswerHasThatOfEverythingAndThoseOfItsTags) {
  const SurrogateKeys keys("secret");
  EXPECT_EQ(keys.Of({7, 8}), "pando " + keys.KeyOf(7) + " " + keys.KeyOf(8));
  EXPECT_EQ(keys.Dropped({8}), keys.KeyOf(8));
  EXPECT_EQ(keys.Dropped({cache::kEverything}), "pando");
}

TEST(SurrogateKeys, WhatDependsOnTooMuchHasNone) {
  const SurrogateKeys keys("secret");
  EXPECT_NE(keys.Of(std::vector<cache::Tag>(SurrogateKeys::kKeysMax, 7)), "");
  EXPECT_EQ(keys.Of(std::vector<cache::Tag>(SurrogateKeys::kKeysMax + 1, 7)), "");
}

}  // namespace
}  // namespace pando::serve
