// The Store keeps ready answers by key, each under the tags of what it depends on, and drops it when the change stream
// shows a change of one of them. An answer is taken in only if its snapshot saw everything that the stream has shown
// for its tags; what the stream shows later drops it as always. So none is ever kept that a change shown before was to
// drop.
//
//   if (std::shared_ptr<const Answer> answer = store.Find(key)) ...            a hit
//   if (store.Admits(key)) {                                                   else, of what was asked for before:
//     Store::Fill fill = store.Begin();                                        before its snapshot is taken
//     ... ask the database ...
//     store.Keep(std::move(fill), key, snapshot, tags, draft);
//   }
//
// What is asked for once is not kept, so that a scan displaces nothing; among the rest, what was not used since the
// hand came by goes first (SIEVE: Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024).
//
// Concurrency  thread-safe. A look-up takes the lock of one part alone; all else takes one lock for all.
// Ownership    an Answer outlives its place here as long as somebody holds it
// Bounds       options.bytes_max of answers with their keys and tags; beside them a 64th of it for what was asked for,
//              and options.ledger_tags_max tags of transactions shown lately
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "cache/answer.h"
#include "cache/ledger.h"
#include "cache/snapshot.h"
#include "cache/tag.h"

namespace pando::cache {

struct StoreOptions {
  size_t bytes_max = size_t{256} << 20;
  size_t answer_bytes_max = size_t{1} << 20;  // a larger one is not kept
  size_t ledger_tags_max = 1'000'000;
};

// What became of an answer that was offered.
enum class Kept : uint8_t {
  kYes,
  kChanged,   // its snapshot missed a transaction that changed what it depends on
  kBroken,    // the stream broke, or was held, since the fill began
  kTooLarge,  // larger than answer_bytes_max, or than a part of bytes_max
};

struct StoreStats {
  uint64_t answers = 0, bytes = 0, tags = 0;                  // kept now
  uint64_t evicted = 0;                                       // to make room
  uint64_t invalidated = 0;                                   // by changes
  uint64_t kept = 0, changed = 0, broken = 0, too_large = 0;  // what became of fills, as Kept
  uint64_t ledger_tags = 0, ledger_transactions = 0;
};

// One of the answers that are kept.
struct Listed {
  std::string key;
  std::string route;
  size_t bytes = 0;
  uint64_t hits = 0;
};

struct Invalidations {
  std::string route;
  uint64_t count = 0;
};

class Store {
 public:
  // A fill that is under way. Ends when it dies, at the latest.
  class Fill {
   public:
    Fill(Fill&& other) noexcept : store_(std::exchange(other.store_, nullptr)), era_(other.era_), run_(other.run_) {}
    Fill& operator=(Fill&&) = delete;
    ~Fill();

   private:
    friend class Store;
    Fill(Store& store, Ledger::Era era, uint64_t run) : store_(&store), era_(era), run_(run) {}
    Store* store_;
    Ledger::Era era_;
    uint64_t run_;
  };

  explicit Store(StoreOptions options);
  // REQUIRES: no fill is under way.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Null when there is none, and while the store is held.
  std::shared_ptr<const Answer> Find(std::string_view key);

  // Whether an answer to this is worth keeping: it was asked for before. Notes that it was asked for.
  bool Admits(std::string_view key);

  // Call before the snapshot of the answer is taken.
  Fill Begin();
  // Puts up a signpost, which depends on nothing but the schema, as long as the fill may be kept.
  void Post(const Fill& fill, std::string_view key, std::shared_ptr<const AnswerKind> signpost);
  // Ends the fill. An answer under the same key is replaced.
  Kept Keep(Fill fill, std::string_view key, const Snapshot& snapshot, std::span<const Tag> tags, const Draft& draft);

  // ------------------------------------------------------------------------------- what the stream shows, in its order

  // A committed transaction has changed what these stand for.
  void Change(Xid xid, std::span<const Tag> tags);
  // A snapshot of the primary has come, taken to tell which transactions have ended.
  void Settle(const Snapshot& snapshot);
  // Drops everything, and refuses the fills under way. Until Release() nothing is found or kept: from a change of the
  // schema until the catalog is that of the change.
  void Hold();
  // The same, and forgets what was shown: the stream is gone. The next one begins when all that was open has ended.
  void Break();
  void Release();

  StoreStats stats() const;

  // ----------------------------------------------------------------------------------------- for people who look at it

  enum class Rank { kBytes, kHits };
  // The first of all by that rank. Goes through all of them, and locks one part at a time.
  std::vector<Listed> List(Rank rank, size_t count) const;
  // Those routes whose answers were dropped by changes most often.
  std::vector<Invalidations> MostInvalidated(size_t count) const;

 private:
  static constexpr size_t kParts = 64;

  struct Entry;
  // A tag of an entry, in the list of those with the same tag.
  struct Link {
    Tag tag = 0;
    Entry* entry = nullptr;
    Link* next = nullptr;
    Link* previous = nullptr;  // null: it is the first
  };
  // Two allocations: itself, and one for its links and texts.
  struct Entry {
    Entry(std::string_view key, size_t hash, std::span<const Tag> tags, const Draft& draft);

    const std::unique_ptr<std::byte[]> memory;
    const std::span<Link> links;
    const std::string_view key;
    const Answer answer;
    const size_t hash;  // of the key
    const size_t bytes;
    uint64_t hits = 0;       // guarded by the part's mutex
    Entry* newer = nullptr;  // in the part's list, in the order in which they came
    Entry* older = nullptr;
    std::atomic<bool> used = false;
  };
  // An entry is found by its key, whose hash is taken once.
  struct Wanted {
    std::string_view key;
    size_t hash;
  };
  struct ByKey {
    using is_transparent = void;
    using is_avalanching = void;
    size_t operator()(const Wanted& wanted) const { return wanted.hash; }
    size_t operator()(const std::shared_ptr<Entry>& entry) const { return entry->hash; }
    bool operator()(const Wanted& wanted, const std::shared_ptr<Entry>& entry) const {
      return wanted.key == entry->key;
    }
    bool operator()(const std::shared_ptr<Entry>& entry, const Wanted& wanted) const {
      return wanted.key == entry->key;
    }
    bool operator()(const std::shared_ptr<Entry>& a, const std::shared_ptr<Entry>& b) const { return a->key == b->key; }
  };
  // A tag is a hash.
  struct ByTag {
    using is_avalanching = void;
    size_t operator()(Tag tag) const { return tag; }
  };
  using LinksByTag = boost::unordered_flat_map<Tag, Link*, ByTag>;
  struct alignas(64) Part {
    mutable std::mutex mutex;
    boost::unordered_flat_set<std::shared_ptr<Entry>, ByKey, ByKey> entries;  // GUARDED_BY(mutex)
    // All below is touched under the store's lock alone.
    Entry* newest = nullptr;
    Entry* oldest = nullptr;
    Entry* hand = nullptr;  // the next that may have to go
    size_t bytes = 0;
  };

  // By bits that neither the part's set nor the filter of what was asked for looks at first.
  Part& PartOf(size_t hash) { return parts_[(hash >> 24) % kParts]; }
  LinksByTag& LinksOf(Tag tag) { return by_tag_[(tag >> 24) % kParts]; }
  std::atomic<uint32_t>* PlacesOf(size_t hash);
  std::unique_lock<std::mutex> Lock();
  void End(const Fill& fill);
  // These REQUIRE mutex_.
  Kept TryToKeep(const Fill& fill, const Snapshot& snapshot, std::span<const Tag> tags, std::shared_ptr<Entry> entry);
  void Insert(std::shared_ptr<Entry> entry);
  void MakeRoom(Part& part, size_t bytes);
  void Remove(Part& part, Entry& entry);
  void Enlist(Entry& entry);
  void Delist(Entry& entry);
  // These let the lock go in between.
  void DropTag(Tag tag, std::unique_lock<std::mutex>& lock);
  void DropAll(std::unique_lock<std::mutex>& lock);
  void HoldLocked(std::unique_lock<std::mutex>& lock);
  void MakeWay(std::unique_lock<std::mutex>& lock);
  void CountInvalidation(const Entry& entry);

  const StoreOptions options_;
  const size_t part_bytes_max_;
  std::array<Part, kParts> parts_;
  std::vector<std::atomic<uint32_t>> asked_;  // of keys that were asked for: a piece of their hash, by another
  std::atomic<bool> held_ = false;

  std::atomic<uint32_t> waiting_ = 0;  // event loops, for the lock below
  mutable std::mutex mutex_;
  uint64_t dropped_ = 0;  // GUARDED_BY(mutex_), as all below
  Ledger ledger_;
  // The first of each list. In parts, for a table that grows stands still meanwhile.
  std::array<LinksByTag, kParts> by_tag_;
  uint64_t run_ = 0;  // grows when what was begun before is void
  StoreStats counts_;
  std::unordered_map<std::string, uint64_t> invalidated_;  // by route, of kRoutesMax
};

}  // namespace pando::cache
