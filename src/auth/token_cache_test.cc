#include "auth/token_cache.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace pando::auth {
namespace {

TokenCache::Entry EntryOf(std::string role) {
  return {TimeClaims{}, std::make_shared<const Principal>(Principal{std::move(role), "{}", false})};
}

TEST(TokenCache, FindsExactlyTheBytesThatWereInserted) {
  TokenCache cache(100);
  cache.Insert("a.b.c", EntryOf("first"));

  ASSERT_TRUE(cache.Find("a.b.c").has_value());
  EXPECT_EQ(cache.Find("a.b.c")->principal->role, "first");
  EXPECT_FALSE(cache.Find("a.b.C").has_value());
  EXPECT_FALSE(cache.Find("a.b.").has_value());
}

TEST(TokenCache, ForgetsWhatIsErased) {
  TokenCache cache(100);
  cache.Insert("a.b.c", EntryOf("first"));
  cache.Erase("a.b.c");
  cache.Erase("a.b.c");

  EXPECT_FALSE(cache.Find("a.b.c").has_value());
  EXPECT_EQ(cache.size(), 0u);
}

TEST(TokenCache, NeverHoldsMoreThanItsBound) {
  TokenCache cache(32);
  for (int i = 0; i < 10'000; ++i) cache.Insert("token " + std::to_string(i), EntryOf("r"));

  EXPECT_LE(cache.size(), 32u);
  EXPECT_TRUE(cache.Find("token 9999").has_value());
}

TEST(TokenCache, KeepsWhatIsUsed) {
  TokenCache cache(32);  // two in each shard: the used one and the newest
  cache.Insert("used", EntryOf("r"));
  for (int i = 0; i < 1'000; ++i) {
    cache.Insert("token " + std::to_string(i), EntryOf("r"));
    ASSERT_TRUE(cache.Find("used").has_value()) << i;
  }
}

TEST(TokenCache, RemembersNothingWithoutEntries) {
  TokenCache cache(0);
  cache.Insert("a.b.c", EntryOf("first"));

  EXPECT_FALSE(cache.Find("a.b.c").has_value());
}

TEST(TokenCache, IsSafeToUseFromManyThreads) {
  TokenCache cache(64);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&cache] {
      for (int i = 0; i < 5'000; ++i) {
        const std::string token = "token " + std::to_string(i % 200);
        if (std::optional<TokenCache::Entry> entry = cache.Find(token)) {
          EXPECT_EQ(entry->principal->role, token);
        } else {
          cache.Insert(token, EntryOf(token));
        }
        if (i % 7 == 0) cache.Erase(token);
      }
    });
  }
  threads.clear();
  EXPECT_LE(cache.size(), 64u);
}

}  // namespace
}  // namespace pando::auth
