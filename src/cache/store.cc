#include "cache/store.h"

#include <algorithm>
#include <thread>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/assert.h"
#include "base/random.h"
#include "base/text_buffer.h"
#include "cache/rules.h"

namespace pando::cache {
namespace {

// Of a key, for its part and for the filter of what was asked for. Nobody else can tell which keys share a place.
size_t HashOf(std::string_view key) {
  static const uint64_t seed = RandomBits();
  return XXH3_64bits_withSeed(key.data(), key.size(), seed);
}

// What an entry takes beside its texts: itself, its places in the tables and in the lists of its tags, and what an
// allocator loses under churn.
constexpr size_t kEntryBytes = 224;
constexpr size_t kLinkBytes = 48;

size_t BytesOf(std::string_view key, std::span<const Tag> tags, const Draft& draft) {
  const AnswerKind& kind = *draft.kind;
  const size_t of_kind = draft.kind_is_new ? sizeof(kind) + kind.header.size() + kind.route.size() : 0;
  return kEntryBytes + of_kind + key.size() + draft.header.size() + draft.body.size() + tags.size() * kLinkBytes;
}

// Several times as many keys are remembered as answers find room.
constexpr size_t kBytesPerAsked = 256;
constexpr size_t kAskedMin = 1024;
constexpr size_t kAskedWays = 4;
// What an event loop waits for at most while many answers are dropped: some tens of microseconds.
constexpr uint64_t kDropsInARow = 64;
constexpr int kTurnsMax = 1000;        // of the others, until it is the dropper's again
constexpr size_t kRoutesMax = 10'000;  // more than an API has

size_t AskedSize(size_t bytes_max) { return std::max(kAskedMin, bytes_max / kBytesPerAsked) / kAskedWays * kAskedWays; }

}  // namespace

Store::Fill::~Fill() {
  if (store_) store_->End(*this);
}

// Links, key, header and body are one behind the other.
Store::Entry::Entry(std::string_view key_text, size_t key_hash, std::span<const Tag> tags, const Draft& draft)
    : memory(std::make_unique_for_overwrite<std::byte[]>(tags.size() * sizeof(Link) + key_text.size() +
                                                         draft.header.size() + draft.body.size())),
      links(reinterpret_cast<Link*>(memory.get()), tags.size()),
      key(reinterpret_cast<const char*>(memory.get() + links.size_bytes()), key_text.size()),
      answer(draft.kind, {key.data() + key.size(), draft.header.size()},
             {key.data() + key.size() + draft.header.size(), draft.body.size()}),
      hash(key_hash),
      bytes(BytesOf(key_text, tags, draft)) {
  for (size_t i = 0; i < tags.size(); ++i) std::construct_at(&links[i], Link{tags[i], this});
  char* const texts = reinterpret_cast<char*>(memory.get() + links.size_bytes());
  WriteText(WriteText(WriteText(texts, key_text), draft.header), draft.body);
}

Store::Store(StoreOptions options)
    : options_(options),
      part_bytes_max_(options.bytes_max / kParts),
      asked_(AskedSize(options.bytes_max)),
      ledger_(options.ledger_tags_max) {}

Store::~Store() = default;

std::shared_ptr<const Answer> Store::Find(std::string_view key) {
  if (held_.load(std::memory_order_acquire)) return nullptr;
  const Wanted wanted{key, HashOf(key)};
  Part& part = PartOf(wanted.hash);
  const std::lock_guard lock(part.mutex);
  const auto found = part.entries.find(wanted);
  if (found == part.entries.end()) {
    // Admits() is what comes next, and its place is in nobody's cache.
    __builtin_prefetch(PlacesOf(wanted.hash), 1);
    return nullptr;
  }
  Entry& entry = **found;
  if (!entry.used.load(std::memory_order_relaxed)) entry.used.store(true, std::memory_order_relaxed);
  ++entry.hits;
  return {*found, &entry.answer};
}

// Of the memory of what was asked for.
std::atomic<uint32_t>* Store::PlacesOf(size_t hash) {
  return &asked_[hash % (asked_.size() / kAskedWays) * kAskedWays];
}

bool Store::Admits(std::string_view key) {
  const size_t hash = HashOf(key);
  // The low bits choose the places; zero stands for none.
  const auto piece = static_cast<uint32_t>(hash >> 32) | 1;
  std::atomic<uint32_t>* const places = PlacesOf(hash);
  // Those asked for before move up, and the last is forgotten. Another thread in between costs one memory.
  uint32_t moving = piece;
  for (size_t i = 0; i < kAskedWays; ++i) {
    const uint32_t here = places[i].load(std::memory_order_relaxed);
    places[i].store(moving, std::memory_order_relaxed);
    if (here == piece) return true;
    moving = here;
  }
  return false;
}

// For event loops: whoever drops many makes way for them.
std::unique_lock<std::mutex> Store::Lock() {
  waiting_.fetch_add(1, std::memory_order_relaxed);
  std::unique_lock lock(mutex_);
  waiting_.fetch_sub(1, std::memory_order_relaxed);
  return lock;
}

// Once in kDropsInARow calls.
void Store::MakeWay(std::unique_lock<std::mutex>& lock) {
  if (++dropped_ % kDropsInARow != 0 || waiting_.load(std::memory_order_relaxed) == 0) return;
  lock.unlock();
  for (int turn = 0; turn < kTurnsMax && waiting_.load(std::memory_order_relaxed) > 0; ++turn) {
    std::this_thread::yield();
  }
  lock.lock();
}

Store::Fill Store::Begin() {
  const std::unique_lock lock = Lock();
  return Fill(*this, ledger_.Open(), run_);
}

void Store::End(const Fill& fill) {
  const std::unique_lock lock = Lock();
  ledger_.Close(fill.era_);
}

void Store::Post(const Fill& fill, std::string_view key, std::shared_ptr<const AnswerKind> signpost) {
  auto entry = std::make_shared<Entry>(key, HashOf(key), std::span<const Tag>(), Draft{std::move(signpost)});
  const std::unique_lock lock = Lock();
  if (fill.run_ == run_ && !held_.load(std::memory_order_relaxed)) Insert(std::move(entry));
}

Kept Store::Keep(Fill fill, std::string_view key, const Snapshot& snapshot, std::span<const Tag> tags,
                 const Draft& draft) {
  auto entry = std::make_shared<Entry>(key, HashOf(key), tags, draft);
  const std::unique_lock lock = Lock();
  const Kept kept = TryToKeep(fill, snapshot, tags, std::move(entry));
  // Not before: what the fill must know would be forgotten.
  ledger_.Close(fill.era_);
  fill.store_ = nullptr;
  return kept;
}

Kept Store::TryToKeep(const Fill& fill, const Snapshot& snapshot, std::span<const Tag> tags,
                      std::shared_ptr<Entry> entry) {
  if (fill.run_ != run_ || held_.load(std::memory_order_relaxed)) {
    ++counts_.broken;
    return Kept::kBroken;
  }
  if (entry->bytes > std::min(options_.answer_bytes_max, part_bytes_max_)) {
    ++counts_.too_large;
    return Kept::kTooLarge;
  }
  if (Holds(Rule::kFillCheck) && !ledger_.IsCoveredBy(snapshot, tags)) {
    ++counts_.changed;
    return Kept::kChanged;
  }
  ++counts_.kept;
  Insert(std::move(entry));
  return Kept::kYes;
}

void Store::Insert(std::shared_ptr<Entry> entry) {
  Part& part = PartOf(entry->hash);
  const auto old = part.entries.find(Wanted{entry->key, entry->hash});  // nobody else changes the set
  if (old != part.entries.end()) Remove(part, **old);
  MakeRoom(part, entry->bytes);
  Entry& added = *entry;
  Enlist(added);
  added.older = part.newest;
  (part.newest ? part.newest->newer : part.oldest) = &added;
  part.newest = &added;
  part.bytes += added.bytes;
  counts_.bytes += added.bytes;
  counts_.tags += added.links.size();
  ++counts_.answers;
  const std::lock_guard lock(part.mutex);
  part.entries.insert(std::move(entry));
}

// The hand goes from the oldest to the newest and round again; what was used since it came by stays once more. One
// round at most: readers may use things faster than the hand moves.
void Store::MakeRoom(Part& part, size_t bytes) {
  size_t sparing = part.entries.size();
  while (part.bytes + bytes > part_bytes_max_ && part.oldest) {
    Entry& seen = part.hand ? *part.hand : *part.oldest;
    part.hand = seen.newer;
    if (seen.used.exchange(false, std::memory_order_relaxed) && sparing > 0) {
      --sparing;
      continue;
    }
    ++counts_.evicted;
    Remove(part, seen);
  }
}

void Store::Remove(Part& part, Entry& entry) {
  Delist(entry);
  if (part.hand == &entry) part.hand = entry.newer;
  (entry.newer ? entry.newer->older : part.newest) = entry.older;
  (entry.older ? entry.older->newer : part.oldest) = entry.newer;
  part.bytes -= entry.bytes;
  counts_.bytes -= entry.bytes;
  counts_.tags -= entry.links.size();
  --counts_.answers;
  std::shared_ptr<Entry> gone;  // freed when the lock is not held any more
  const std::lock_guard lock(part.mutex);
  const auto place = part.entries.find(Wanted{entry.key, entry.hash});
  gone = *place;
  part.entries.erase(place);
}

// Puts an entry into the lists of its tags.
void Store::Enlist(Entry& entry) {
  for (Link& link : entry.links) {
    Link*& first = LinksOf(link.tag)[link.tag];
    link.next = first;
    if (first) first->previous = &link;
    first = &link;
  }
}

void Store::Delist(Entry& entry) {
  for (Link& link : entry.links) {
    if (link.next) link.next->previous = link.previous;
    if (link.previous) {
      link.previous->next = link.next;
      continue;
    }
    LinksByTag& lists = LinksOf(link.tag);
    const auto list = lists.find(link.tag);
    list->second = link.next;
    if (!link.next) lists.erase(list);
  }
}

void Store::Change(Xid xid, std::span<const Tag> tags) {
  std::unique_lock lock(mutex_);
  ledger_.Note(xid, tags);
  for (const Tag tag : tags) DropTag(tag, lock);
}

void Store::DropTag(Tag tag, std::unique_lock<std::mutex>& lock) {
  if (tag == kEverything) return DropAll(lock);
  const LinksByTag& lists = LinksOf(tag);
  for (auto list = lists.find(tag); list != lists.end(); list = lists.find(tag)) {
    Entry& entry = *list->second->entry;
    CountInvalidation(entry);
    Remove(PartOf(entry.hash), entry);
    MakeWay(lock);
  }
}

void Store::DropAll(std::unique_lock<std::mutex>& lock) {
  for (Part& part : parts_) {
    while (part.newest) {
      CountInvalidation(*part.newest);
      Remove(part, *part.newest);
      MakeWay(lock);
    }
  }
}

void Store::CountInvalidation(const Entry& entry) {
  if (entry.answer.kind().completed_by) return;
  ++counts_.invalidated;
  const std::string& route = entry.answer.kind().route;
  if (const auto known = invalidated_.find(route); known != invalidated_.end()) {
    ++known->second;
  } else if (invalidated_.size() < kRoutesMax) {
    invalidated_.emplace(route, 1);
  }
}

void Store::Settle(const Snapshot& snapshot) {
  const std::lock_guard lock(mutex_);
  ledger_.Settle(snapshot);
}

void Store::Hold() {
  std::unique_lock lock(mutex_);
  HoldLocked(lock);
}

void Store::HoldLocked(std::unique_lock<std::mutex>& lock) {
  if (!Holds(Rule::kHold) && run_ > 0) return;
  held_.store(true, std::memory_order_release);
  ++run_;
  DropAll(lock);
}

void Store::Break() {
  std::unique_lock lock(mutex_);
  HoldLocked(lock);
  ledger_.Clear();
}

void Store::Release() {
  const std::lock_guard lock(mutex_);
  ++run_;
  held_.store(false, std::memory_order_release);
}

StoreStats Store::stats() const {
  const std::lock_guard lock(mutex_);
  StoreStats stats = counts_;
  stats.ledger_tags = ledger_.tags();
  stats.ledger_transactions = ledger_.transactions();
  return stats;
}

std::vector<Listed> Store::List(Rank rank, size_t count) const {
  const auto is_before = [rank](const Listed& a, const Listed& b) {
    return rank == Rank::kBytes ? a.bytes > b.bytes : a.hits > b.hits;
  };
  if (count == 0) return {};
  std::vector<Listed> first;  // a heap whose front is the last of them
  for (const Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    for (const std::shared_ptr<Entry>& entry : part.entries) {
      if (entry->answer.kind().completed_by) continue;
      Listed listed{"", "", entry->bytes, entry->hits};
      if (first.size() == count && !is_before(listed, first.front())) continue;
      listed.key = entry->key;
      listed.route = entry->answer.kind().route;
      first.push_back(std::move(listed));
      std::push_heap(first.begin(), first.end(), is_before);
      if (first.size() <= count) continue;
      std::pop_heap(first.begin(), first.end(), is_before);
      first.pop_back();
    }
  }
  std::sort_heap(first.begin(), first.end(), is_before);
  return first;
}

std::vector<Invalidations> Store::MostInvalidated(size_t count) const {
  std::vector<Invalidations> routes;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [route, dropped] : invalidated_) routes.push_back({route, dropped});
  }
  std::sort(routes.begin(), routes.end(),
            [](const Invalidations& a, const Invalidations& b) { return a.count > b.count; });
  if (routes.size() > count) routes.resize(count);
  return routes;
}

}  // namespace pando::cache
