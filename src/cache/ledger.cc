#include "cache/ledger.h"

#include <algorithm>

#include "base/assert.h"

namespace pando::cache {

Ledger::Era Ledger::Open() {
  ++open_.back();
  return era_;
}

void Ledger::Close(Era era) {
  PANDO_ASSERT(era >= first_era_ && era <= era_);
  size_t& open = open_[era - first_era_];
  PANDO_ASSERT(open > 0);
  if (--open == 0) ForgetWhatMay();
}

void Ledger::Note(Xid xid, std::span<const Tag> tags) {
  Noted noted{xid, {tags.begin(), tags.end()}};
  if (tags_ + tags.size() > tags_max_) noted.tags = {kEverything};
  for (const Tag tag : noted.tags) by_tag_[tag].push_back(xid);
  tags_ += noted.tags.size();
  noted_.push_back(std::move(noted));
}

void Ledger::Settle(const Snapshot& snapshot) {
  const auto ended =
      std::stable_partition(noted_.begin(), noted_.end(), [&](const Noted& it) { return !snapshot.Sees(it.xid); });
  for (auto it = ended; it != noted_.end(); ++it) leaving_.push_back(Leaving{era_, std::move(*it)});
  noted_.erase(ended, noted_.end());
  ++era_;
  open_.push_back(0);
  ForgetWhatMay();
}

// Those that ended in an era up to which no fill is open.
void Ledger::ForgetWhatMay() {
  while (first_era_ < era_ && open_.front() == 0) {
    open_.pop_front();
    ++first_era_;
  }
  while (!leaving_.empty() && leaving_.front().era < first_era_) {
    Forget(leaving_.front().noted);
    leaving_.pop_front();
  }
}

void Ledger::Forget(const Noted& noted) {
  for (const Tag tag : noted.tags) {
    const auto found = by_tag_.find(tag);
    std::vector<Xid>& xids = found->second;
    xids.erase(std::find(xids.begin(), xids.end(), noted.xid));
    if (xids.empty()) by_tag_.erase(found);
  }
  tags_ -= noted.tags.size();
}

bool Ledger::IsCoveredBy(const Snapshot& snapshot, std::span<const Tag> tags) const {
  return IsCovered(snapshot, kEverything) &&
         std::all_of(tags.begin(), tags.end(), [&](Tag tag) { return IsCovered(snapshot, tag); });
}

bool Ledger::IsCovered(const Snapshot& snapshot, Tag tag) const {
  const auto found = by_tag_.find(tag);
  if (found == by_tag_.end()) return true;
  return std::all_of(found->second.begin(), found->second.end(), [&](Xid xid) { return snapshot.Sees(xid); });
}

void Ledger::Clear() {
  by_tag_.clear();
  noted_.clear();
  leaving_.clear();
  tags_ = 0;
}

}  // namespace pando::cache
