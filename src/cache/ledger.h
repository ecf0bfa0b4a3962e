// The Ledger remembers which transactions the change stream has shown lately and what they changed, for the question
// that each fill must answer: did its snapshot see them all? Time is no argument there: with a synchronous standby away
// a commit can be in the stream for seconds before any query sees it.
//
// A transaction is forgotten once a snapshot has shown that it ended and no fill is open that may have an older one.
//
// Concurrency  single-owner: the Store has it under its lock
// Bounds       tags_max tags; a transaction beyond them is noted as one that changed everything
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

#include "cache/snapshot.h"
#include "cache/tag.h"

namespace pando::cache {

class Ledger {
 public:
  // Of the time between two snapshots that were taken for Settle().
  using Era = uint64_t;

  explicit Ledger(size_t tags_max) : tags_max_(tags_max) {}

  // A fill begins: its snapshot is taken after this. It stays open until Close().
  Era Open();
  void Close(Era era);

  // The stream has shown that the transaction changed this.
  void Note(Xid xid, std::span<const Tag> tags);
  // A snapshot of the primary, taken for this purpose, has come in.
  void Settle(const Snapshot& snapshot);

  // Whether the snapshot saw every noted transaction that changed one of these, or everything.
  bool IsCoveredBy(const Snapshot& snapshot, std::span<const Tag> tags) const;

  // Forgets all transactions; fills stay open.
  void Clear();

  size_t tags() const { return tags_; }
  size_t transactions() const { return noted_.size() + leaving_.size(); }

 private:
  struct Noted {
    Xid xid = 0;
    std::vector<Tag> tags;
  };
  // Seen as ended by the snapshot at the end of `era`; fills of that era and before may have older ones.
  struct Leaving {
    Era era = 0;
    Noted noted;
  };

  void Forget(const Noted& noted);
  void ForgetWhatMay();
  bool IsCovered(const Snapshot& snapshot, Tag tag) const;

  const size_t tags_max_;
  size_t tags_ = 0;  // in all of noted_ and leaving_
  std::unordered_map<Tag, std::vector<Xid>> by_tag_;
  std::vector<Noted> noted_;     // not known to have ended
  std::deque<Leaving> leaving_;  // by era
  Era era_ = 0;                  // now
  // Fills open, by the era in which they began: of first_era_ and those that follow, up to now.
  std::deque<size_t> open_ = {0};
  Era first_era_ = 0;
};

}  // namespace pando::cache
