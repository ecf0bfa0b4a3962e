#include "cache/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "cache/report.h"

namespace pando::cache {
namespace {

using Tags = std::vector<Tag>;

Snapshot S(std::string_view text) { return *Snapshot::Parse(text); }
const Snapshot kNow = S("100:100:");

const auto kThings = std::make_shared<const AnswerKind>(AnswerKind{200, "Content-Type: text/plain\r\n", "things"});

Draft A(std::string_view body) { return Draft{kThings, /*kind_is_new=*/false, "ETag: \"e\"\r\n", body}; }

class StoreTest : public testing::Test {
 protected:
  explicit StoreTest(StoreOptions options = {}) : store_(options) {}

  Kept Keep(std::string_view key, const Tags& tags, std::string body = "x", const Snapshot& snapshot = kNow) {
    return store_.Keep(store_.Begin(), key, snapshot, tags, A(body));
  }
  std::string Find(std::string_view key) {
    const auto answer = store_.Find(key);
    return answer ? std::string(answer->body()) : "nothing";
  }

  Store store_;
};

TEST_F(StoreTest, FindsWhatWasKept) {
  EXPECT_EQ(Find("a"), "nothing");
  EXPECT_EQ(Keep("a", {1}, "an answer"), Kept::kYes);
  EXPECT_EQ(Find("a"), "an answer");
  EXPECT_EQ(Find("b"), "nothing");
  EXPECT_EQ(Keep("a", {1}, "a newer one"), Kept::kYes);
  EXPECT_EQ(Find("a"), "a newer one");
  EXPECT_EQ(store_.stats().answers, 1u);
}

TEST_F(StoreTest, AnAnswerHasWhatItsKindHasAndItsOwn) {
  Keep("a", {1}, "one");
  Keep("b", {1}, "");
  const auto answer = store_.Find("a");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind(), *kThings);
  EXPECT_EQ(answer->header(), "ETag: \"e\"\r\n");
  EXPECT_EQ(answer->body(), "one");
  EXPECT_EQ(&store_.Find("b")->kind(), &answer->kind());
  EXPECT_EQ(store_.Find("b")->body(), "");
}

TEST_F(StoreTest, AKindIsCountedWithTheAnswerThatBringsIt) {
  Keep("a", {1}, "x");
  const uint64_t shared = store_.stats().bytes;
  Draft draft = A("x");
  draft.kind_is_new = true;
  store_.Keep(store_.Begin(), "b", kNow, Tags{2}, draft);
  EXPECT_EQ(store_.stats().bytes, 2 * shared + sizeof(AnswerKind) + kThings->header.size() + kThings->route.size());
  store_.Change(200, Tags{1, 2});
  EXPECT_EQ(store_.stats().bytes, 0u);
}

// Each tag has a list, of which any may go first.
TEST_F(StoreTest, ListsOfTagsHoldHoweverTheirEntriesGo) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::map<std::string, Tags> kept;
  for (uint64_t step = 0; step < 20'000; ++step) {
    const Tag tag = 1 + random() % 50 * 0x123456789abcdef;  // in all parts
    if (random() % 20 == 0) {
      store_.Change(static_cast<Xid>(1000 + step), Tags{tag});
      store_.Settle(S(std::to_string(1001 + step) + ":" + std::to_string(1001 + step) + ":"));
      std::erase_if(kept,
                    [tag](const auto& entry) { return std::ranges::find(entry.second, tag) != entry.second.end(); });
    } else {
      const std::string key = std::to_string(random() % 200);
      const Tags tags = {tag, 7, 1 + random() % 50 * 0x123456789abcdef + 1};
      ASSERT_EQ(Keep(key, tags, key, S("99999:99999:")), Kept::kYes);
      kept[key] = tags;
    }
    ASSERT_EQ(store_.stats().answers, kept.size());
    const std::string probe = std::to_string(random() % 200);
    ASSERT_EQ(Find(probe), kept.contains(probe) ? probe : "nothing");
  }
}

TEST_F(StoreTest, AChangeDropsWhatDependsOnIt) {
  Keep("a", {1, 2});
  Keep("b", {2, 3});
  Keep("c", {3});
  store_.Change(200, Tags{2, 9});
  EXPECT_EQ(Find("a"), "nothing");
  EXPECT_EQ(Find("b"), "nothing");
  EXPECT_EQ(Find("c"), "x");
  store_.Change(201, Tags{kEverything});
  EXPECT_EQ(Find("c"), "nothing");
  const StoreStats stats = store_.stats();
  EXPECT_EQ(stats.invalidated, 3u);
  EXPECT_EQ(stats.answers + stats.bytes + stats.tags, 0u);
}

TEST_F(StoreTest, AFillThatMissedAChangeIsRefused) {
  Store::Fill fill = store_.Begin();
  store_.Change(100, Tags{1});
  EXPECT_EQ(store_.Keep(std::move(fill), "a", S("100:100:"), Tags{1}, A("old")), Kept::kChanged);
  EXPECT_EQ(Find("a"), "nothing");
  EXPECT_EQ(Keep("a", {1}, "new", S("101:101:")), Kept::kYes);
  EXPECT_EQ(Keep("b", {2}, "of something else"), Kept::kYes);
  EXPECT_EQ(store_.stats().changed, 1u);
}

TEST_F(StoreTest, AChangeIsRememberedUntilNoFillCanHaveMissedIt) {
  std::optional<Store::Fill> fill(store_.Begin());
  store_.Change(100, Tags{1});
  store_.Settle(S("101:101:"));
  EXPECT_EQ(store_.stats().ledger_transactions, 1u);
  fill.reset();  // given up
  EXPECT_EQ(store_.stats().ledger_transactions, 0u);
}

// It is the last that a change is remembered for.
TEST_F(StoreTest, WhatTheLastOpenFillMissedIsForgottenBehindItAlone) {
  Store::Fill fill = store_.Begin();
  store_.Change(100, Tags{1});
  store_.Settle(S("101:101:"));
  EXPECT_EQ(store_.Keep(std::move(fill), "a", S("100:100:"), Tags{1}, A("old")), Kept::kChanged);
  EXPECT_EQ(store_.stats().ledger_transactions, 0u);
}

TEST_F(StoreTest, WhileItIsHeldNothingIsFoundOrKept) {
  Keep("a", {1});
  Store::Fill before = store_.Begin();
  store_.Hold();
  EXPECT_EQ(Find("a"), "nothing");
  Store::Fill meanwhile = store_.Begin();
  EXPECT_EQ(Keep("b", {1}), Kept::kBroken);
  store_.Release();
  EXPECT_EQ(store_.Keep(std::move(before), "c", kNow, Tags{1}, A("x")), Kept::kBroken);
  EXPECT_EQ(store_.Keep(std::move(meanwhile), "d", kNow, Tags{1}, A("x")), Kept::kBroken);
  EXPECT_EQ(Keep("e", {1}), Kept::kYes);
  EXPECT_EQ(Find("a"), "nothing");
}

// A commit that waits for a standby is in the stream and not to be seen, before the schema changes and after.
TEST_F(StoreTest, AHoldForgetsNothingThatWasShownAndABreakAll) {
  store_.Change(100, Tags{1});
  store_.Hold();
  store_.Release();
  EXPECT_EQ(Keep("a", {1}, "x", S("100:110:100")), Kept::kChanged);
  store_.Break();
  store_.Release();
  EXPECT_EQ(Keep("a", {1}, "x", S("100:110:100")), Kept::kYes);
}

// Nothing that depends on a change is left when that has returned, though others keep answers meanwhile.
TEST_F(StoreTest, WhoDropsManyMakesWayAndForgetsNone) {
  constexpr int kRounds = 8, kKeys = 2000;
  std::atomic<int> begun = 0;
  std::thread filler([&] {
    for (int round = 1; round <= kRounds; ++round) {
      for (int key = 0; key < kKeys; ++key) {
        Keep(std::to_string(round) + "/" + std::to_string(key), {static_cast<Tag>(round), kEverything - 1});
        if (key == kKeys / 2) begun = round;
      }
    }
  });
  for (int round = 1; round <= kRounds; ++round) {
    while (begun < round) std::this_thread::yield();
    store_.Change(static_cast<Xid>(200 + round), Tags{static_cast<Tag>(round)});
    for (int key = 0; key < kKeys; ++key) {
      ASSERT_EQ(Find(std::to_string(round) + "/" + std::to_string(key)), "nothing") << round << "/" << key;
    }
  }
  filler.join();
  store_.Hold();
  const StoreStats stats = store_.stats();
  EXPECT_GE(stats.invalidated, static_cast<uint64_t>(kRounds * kKeys / 2));
  EXPECT_EQ(stats.answers + stats.bytes + stats.tags, 0u);
}

TEST_F(StoreTest, AdmitsWhatIsAskedForTheSecondTime) {
  EXPECT_FALSE(store_.Admits("a"));
  EXPECT_FALSE(store_.Admits("b"));
  EXPECT_TRUE(store_.Admits("a"));
  EXPECT_TRUE(store_.Admits("b"));
}

TEST_F(StoreTest, AnAnswerOutlivesItsPlace) {
  Keep("a", {1}, "still here");
  const auto held = store_.Find("a");
  store_.Change(200, Tags{1});
  EXPECT_EQ(held->body(), "still here");
}

TEST_F(StoreTest, ListsTheLargestAndTheHottest) {
  Keep("small", {1}, "x");
  Keep("large", {2}, std::string(1000, 'x'));
  Keep("middle", {3}, std::string(100, 'x'));
  for (int i = 0; i < 5; ++i) store_.Find("middle");
  store_.Find("small");
  const auto keys = [](const std::vector<Listed>& listed) {
    std::string keys;
    for (const Listed& answer : listed) keys += answer.key + " ";
    return keys;
  };
  EXPECT_EQ(keys(store_.List(Store::Rank::kBytes, 2)), "large middle ");
  EXPECT_EQ(keys(store_.List(Store::Rank::kHits, 3)), "middle small large ");
  EXPECT_EQ(store_.List(Store::Rank::kHits, 1).front().hits, 5u);
  EXPECT_EQ(keys(store_.List(Store::Rank::kHits, 0)), "");
}

TEST_F(StoreTest, ReportsWhatIsKeptAndWhatIsDropped) {
  Keep("/items?id=eq.1\n\n\nanon", {1});
  Keep("/items?id=eq.2\n\n\nanon", {2});
  store_.Change(200, Tags{1});
  const std::string report = ReportJson(store_);
  EXPECT_THAT(report, testing::HasSubstr("\"target\":\"/items?id=eq.2\""));
  EXPECT_THAT(report, testing::Not(testing::HasSubstr("eq.1")));
  EXPECT_THAT(report, testing::HasSubstr("\"most_invalidated\":[{\"resource\":\"things\",\"answers\":1}]"));
}

class SmallStoreTest : public StoreTest {
 protected:
  static StoreOptions Options() {
    StoreOptions options;
    options.bytes_max = 1 << 20;
    options.answer_bytes_max = 8 << 10;
    return options;
  }
  SmallStoreTest() : StoreTest(Options()) {}
  std::string KeyOf(size_t i) { return "key " + std::to_string(i); }
};

TEST_F(SmallStoreTest, StaysWithinItsBytes) {
  for (size_t i = 0; i < 20'000; ++i) Keep(KeyOf(i), {1, i + 10}, std::string(300, 'x'));
  const StoreStats stats = store_.stats();
  EXPECT_LE(stats.bytes, Options().bytes_max);
  EXPECT_GT(stats.bytes, Options().bytes_max * 8 / 10);
  EXPECT_EQ(stats.evicted + stats.answers, 20'000u);
  EXPECT_EQ(stats.tags, stats.answers * 2);
}

TEST_F(SmallStoreTest, RefusesWhatIsTooLarge) {
  EXPECT_EQ(Keep("a", {1}, std::string(8 << 10, 'x')), Kept::kTooLarge);
  EXPECT_EQ(Keep("a", {1}, std::string(7 << 10, 'x')), Kept::kYes);
}

// What is used stays when ten times the room is asked for twice each, which admits it, and never again.
TEST_F(SmallStoreTest, AScanLeavesWhatIsUsed) {
  constexpr size_t kHot = 500;
  size_t hits = 0, asked = 0;
  const auto ask = [&](const std::string& key) {
    if (store_.Find(key)) return true;
    if (store_.Admits(key)) Keep(key, {1}, std::string(300, 'x'));
    return false;
  };
  for (int round = 0; round < 3; ++round) {
    for (size_t i = 0; i < kHot; ++i) ask(KeyOf(i));
  }
  for (size_t scanned = 0; scanned < 16'000; ++scanned) {
    const std::string key = "scan " + std::to_string(scanned);
    ask(key);
    ask(key);
    for (int i = 0; i < 2; ++i, ++asked) hits += ask(KeyOf((scanned * 2 + static_cast<size_t>(i)) % kHot)) ? 1 : 0;
  }
  EXPECT_GT(static_cast<double>(hits), 0.95 * static_cast<double>(asked));
}

// Many readers, fillers and a stream at once: what is found after a change was shown is from after it.
TEST_F(SmallStoreTest, NothingIsFoundThatAChangeShownBeforeWasToDrop) {
  constexpr size_t kKeys = 40;
  constexpr uint64_t kChanges = 20'000;
  // A database of numbers: each transaction raises one of them; what is visible is also what is committed.
  struct Row {
    std::atomic<uint64_t> value{0}, shown{0};
  };
  std::vector<Row> rows(kKeys);
  std::mutex database;
  uint64_t next_xid = 1000;
  std::atomic<bool> done = false;
  std::atomic<uint64_t> found{0}, stale{0};

  const auto look_up = [&](unsigned seed) {
    std::mt19937 random(seed);
    while (!done) {
      const size_t i = random() % kKeys;
      const std::string key = KeyOf(i);
      const uint64_t shown = rows[i].shown.load();
      if (const auto answer = store_.Find(key)) {
        ++found;
        if (std::stoull(std::string(answer->body())) < shown) ++stale;
        continue;
      }
      Store::Fill fill = store_.Begin();
      uint64_t value = 0, xmax = 0;
      {
        const std::lock_guard lock(database);
        value = rows[i].value;
        xmax = next_xid;
      }
      if (random() % 8 == 0) std::this_thread::yield();
      const std::string end = std::to_string(xmax);
      store_.Keep(std::move(fill), key, S(end + ":" + end + ":"), Tags{i + 1}, A(std::to_string(value)));
    }
  };
  std::vector<std::jthread> readers;
  for (unsigned seed = 0; seed < 3; ++seed) readers.emplace_back(look_up, seed);
  std::mt19937 random(7);
  for (uint64_t change = 1; change <= kChanges; ++change) {
    const size_t i = random() % kKeys;
    uint64_t xid = 0;
    {
      const std::lock_guard lock(database);
      xid = next_xid++;
      rows[i].value = change;
    }
    store_.Change(static_cast<Xid>(xid), Tags{i + 1});
    rows[i].shown = change;
    if (change % 50 == 0) {
      const std::string end = std::to_string(xid + 1);
      store_.Settle(S(end + ":" + end + ":"));
    }
    if (change % 3000 == 0) {
      store_.Hold();
      store_.Release();
    }
  }
  done = true;
  readers.clear();
  EXPECT_GT(found, 0u);
  EXPECT_EQ(stale, 0u);
  const std::string end = std::to_string(next_xid);
  store_.Settle(S(end + ":" + end + ":"));
  EXPECT_EQ(store_.stats().ledger_transactions, 0u);
}

}  // namespace
}  // namespace pando::cache
