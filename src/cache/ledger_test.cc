#include "cache/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace pando::cache {
namespace {

Snapshot S(std::string_view text) { return *Snapshot::Parse(text); }

using Tags = std::vector<Tag>;

TEST(SnapshotTest, ReadsWhatPostgresPrints) {
  const Snapshot snapshot = S("100:105:101,103");
  EXPECT_EQ(snapshot.xmin(), 100u);
  EXPECT_EQ(snapshot.xmax(), 105u);
  for (const Xid seen : {99u, 100u, 102u, 104u}) EXPECT_TRUE(snapshot.Sees(seen)) << seen;
  for (const Xid unseen : {101u, 103u, 105u, 106u}) EXPECT_FALSE(snapshot.Sees(unseen)) << unseen;
  EXPECT_TRUE(S("7:7:").Sees(6));
  EXPECT_FALSE(S("7:7:").Sees(7));
}

TEST(SnapshotTest, TellsWhetherItSawAsMuchAsAnother) {
  const Snapshot other = S("100:105:101,103");
  for (const char* text : {"100:105:101,103", "105:105:", "103:110:103,107", "200:200:"}) {
    EXPECT_TRUE(S(text).Includes(other)) << text;
  }
  for (const char* text : {"100:104:101,103", "100:105:101,102", "100:110:100"}) {
    EXPECT_FALSE(S(text).Includes(other)) << text;
  }
}

TEST(SnapshotTest, RefusesWhatIsNone) {
  for (const char* text : {"", "1", "1:2", "1:2:x", "x:2:", "1:2:3:4", "5:4:", "1:2:3,", "1:2,3:", "-1:2:"}) {
    EXPECT_FALSE(Snapshot::Parse(text)) << text;
  }
}

TEST(SnapshotTest, FindsTheNearestOfTheNumbersThatEndInTheSame32Bits) {
  // Just behind the wrap: small numbers are new, large ones old.
  const Snapshot behind = S("4294967290:4294967300:4294967298");
  EXPECT_TRUE(behind.Sees(4294967289u));
  EXPECT_TRUE(behind.Sees(1));   // 4294967297
  EXPECT_FALSE(behind.Sees(2));  // 4294967298
  EXPECT_FALSE(behind.Sees(4));  // 4294967300
  // Just before it.
  const Snapshot before = S("4294967290:4294967295:");
  EXPECT_TRUE(before.Sees(4294967294u));
  EXPECT_FALSE(before.Sees(4294967295u));
  EXPECT_FALSE(before.Sees(0));  // 4294967296
}

TEST(LedgerTest, AFillIsCoveredWhenItSawAllThatChangedWhatItDependsOn) {
  Ledger ledger(100);
  ledger.Note(100, Tags{1, 2});
  EXPECT_FALSE(ledger.IsCoveredBy(S("100:100:"), Tags{1}));
  EXPECT_FALSE(ledger.IsCoveredBy(S("100:100:"), Tags{5, 2}));
  EXPECT_TRUE(ledger.IsCoveredBy(S("100:100:"), Tags{5}));
  EXPECT_TRUE(ledger.IsCoveredBy(S("101:101:"), Tags{1, 2}));
}

// The last transaction shown is not enough: an older one may be the one that was not seen.
TEST(LedgerTest, KeepsEveryTransactionAndNotTheLast) {
  Ledger ledger(100);
  ledger.Note(863, Tags{1});
  ledger.Note(864, Tags{1});
  EXPECT_FALSE(ledger.IsCoveredBy(S("863:865:863"), Tags{1}));
  EXPECT_TRUE(ledger.IsCoveredBy(S("865:865:"), Tags{1}));
}

TEST(LedgerTest, ForgetsWhatHasEndedOnceNoOlderFillIsOpen) {
  Ledger ledger(100);
  const Ledger::Era old_fill = ledger.Open();
  ledger.Note(100, Tags{1});
  ledger.Settle(S("101:101:"));
  EXPECT_FALSE(ledger.IsCoveredBy(S("100:100:"), Tags{1})) << "the fill that is open may have this snapshot";
  const Ledger::Era new_fill = ledger.Open();
  ledger.Close(old_fill);
  EXPECT_EQ(ledger.transactions(), 0u);
  EXPECT_EQ(ledger.tags(), 0u);
  ledger.Close(new_fill);
}

TEST(LedgerTest, KeepsWhatHasNotEnded) {
  Ledger ledger(100);
  ledger.Note(100, Tags{1});  // in the stream, and waiting for a standby
  for (int i = 0; i < 3; ++i) ledger.Settle(S("100:110:100"));
  EXPECT_FALSE(ledger.IsCoveredBy(S("100:110:100"), Tags{1}));
  ledger.Settle(S("110:110:"));
  EXPECT_EQ(ledger.transactions(), 0u);
}

TEST(LedgerTest, ATransactionTooManyChangedEverything) {
  Ledger ledger(3);
  ledger.Note(100, Tags{1, 2});
  ledger.Note(101, Tags{3, 4});
  EXPECT_EQ(ledger.tags(), 3u);
  EXPECT_FALSE(ledger.IsCoveredBy(S("101:101:"), Tags{77}));
  EXPECT_TRUE(ledger.IsCoveredBy(S("102:102:"), Tags{77}));
  ledger.Settle(S("102:102:"));
  EXPECT_EQ(ledger.tags(), 0u);
  EXPECT_TRUE(ledger.IsCoveredBy(S("90:90:"), Tags{77}));
}

TEST(LedgerTest, ClearingForgetsTransactionsAndKeepsFillsOpen) {
  Ledger ledger(100);
  const Ledger::Era fill = ledger.Open();
  ledger.Note(100, Tags{1});
  ledger.Clear();
  EXPECT_TRUE(ledger.IsCoveredBy(S("100:100:"), Tags{1}));
  ledger.Note(100, Tags{1});
  ledger.Settle(S("101:101:"));
  EXPECT_EQ(ledger.transactions(), 1u);
  ledger.Close(fill);
  EXPECT_EQ(ledger.transactions(), 0u);
}

// A database in small: transactions begin, become visible, and are shown, in any order; fills take a snapshot, wait,
// and ask.
class World {
 public:
  explicit World(uint32_t seed) : random_(seed) {}

  // Does something at random; false when a fill was told otherwise than it should.
  bool Step() {
    switch (Draw(7)) {
      case 0:
        invisible_.insert(next_);
        unshown_.emplace_back(next_++, AnyTag());
        return true;
      case 1:
        if (!invisible_.empty())
          invisible_.erase(std::next(invisible_.begin(), static_cast<ptrdiff_t>(Draw(invisible_.size()))));
        return true;
      case 2:
        if (unshown_.empty()) return true;
        shown_.push_back(TakeAny(unshown_));
        ledger_.Note(static_cast<Xid>(shown_.back().first), Tags{shown_.back().second});
        return true;
      case 3:
        fills_.push_back({ledger_.Open(), std::nullopt, AnyTag()});
        return true;
      case 4:
        if (!fills_.empty()) TakeSnapshot(fills_[Draw(fills_.size())]);
        return true;
      case 5:
        ledger_.Settle(Now());
        return true;
      default:
        return fills_.empty() || End(TakeAny(fills_));
    }
  }

  // What is left in the ledger when everything has ended.
  size_t LeftAtTheEnd() {
    for (const Fill& fill : fills_) ledger_.Close(fill.era);
    invisible_.clear();
    ledger_.Settle(Now());
    return ledger_.transactions() + ledger_.tags();
  }

 private:
  struct Fill {
    Ledger::Era era;
    std::optional<Snapshot> snapshot;
    Tag tag;
  };

  size_t Draw(size_t below) { return std::uniform_int_distribution<size_t>(0, below - 1)(random_); }
  Tag AnyTag() { return 1 + Draw(8); }
  template <class T>
  T TakeAny(std::vector<T>& from) {
    const size_t i = Draw(from.size());
    T taken = from[i];
    from.erase(from.begin() + static_cast<ptrdiff_t>(i));
    return taken;
  }
  Snapshot Now() const {
    std::string text =
        std::to_string(invisible_.empty() ? next_ : *invisible_.begin()) + ":" + std::to_string(next_) + ":";
    for (const uint64_t xid : invisible_) text += (text.back() == ':' ? "" : ",") + std::to_string(xid);
    return S(text);
  }
  void TakeSnapshot(Fill& fill) {
    if (!fill.snapshot) fill.snapshot = Now();
  }
  bool End(const Fill& fill) {
    bool right = true;
    if (fill.snapshot) {
      const bool saw_all = std::all_of(shown_.begin(), shown_.end(), [&](const auto& it) {
        return it.second != fill.tag || fill.snapshot->Sees(static_cast<Xid>(it.first));
      });
      right = ledger_.IsCoveredBy(*fill.snapshot, Tags{fill.tag}) == saw_all;
    }
    ledger_.Close(fill.era);
    return right;
  }

  std::mt19937 random_;
  Ledger ledger_{1000};
  uint64_t next_ = 1000;
  std::set<uint64_t> invisible_;
  std::vector<std::pair<uint64_t, Tag>> shown_, unshown_;  // in the stream, and not yet
  std::vector<Fill> fills_;
};

TEST(LedgerTest, AFillIsCoveredIfItSawAllThatWasShown) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    World world(seed);
    for (int step = 0; step < 300; ++step) ASSERT_TRUE(world.Step()) << "seed " << seed << ", step " << step;
    ASSERT_EQ(world.LeftAtTheEnd(), 0u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace pando::cache
