#include "cache/purge_queue.h"

#include <algorithm>

namespace pando::cache {

void PurgeQueue::Add(const std::vector<Tag>& tags, Clock::time_point now) {
  if (tags.empty()) return;
  AddDue(tags);
  Repeat(tags, now + again_after_);
}

void PurgeQueue::AddDue(const std::vector<Tag>& tags) {
  for (const Tag tag : tags) {
    if (in_due_.contains(kEverything)) return;
    if (tag == kEverything || due_.size() == kTagsMax) {
      due_.assign(1, kEverything);
      in_due_ = {kEverything};
    } else if (in_due_.insert(tag).second) {
      due_.push_back(tag);
    }
  }
}

// Those of one moment are told together.
void PurgeQueue::Repeat(const std::vector<Tag>& tags, Clock::time_point at) {
  const bool all = std::find(tags.begin(), tags.end(), kEverything) != tags.end();
  if (all || in_again_ + tags.size() > kTagsMax) {
    // The first keeps its time: else, while much changes, none would come.
    again_.resize(std::min<size_t>(again_.size(), 1));
    in_again_ = again_.empty() ? 0 : again_.front().second.size();
    again_.emplace_back(at, std::vector<Tag>{kEverything});
    ++in_again_;
    return;
  }
  again_.emplace_back(at, tags);
  in_again_ += tags.size();
}

std::vector<Tag> PurgeQueue::Take(size_t max, Clock::time_point now) {
  while (!again_.empty() && again_.front().first <= now) {
    in_again_ -= again_.front().second.size();
    AddDue(again_.front().second);
    again_.pop_front();
  }
  std::vector<Tag> taken;
  while (!due_.empty() && taken.size() < max) {
    taken.push_back(due_.front());
    in_due_.erase(due_.front());
    due_.pop_front();
  }
  return taken;
}

std::optional<Clock::time_point> PurgeQueue::due() const {
  if (!due_.empty()) return Clock::time_point::min();
  if (!again_.empty()) return again_.front().first;
  return std::nullopt;
}

}  // namespace pando::cache
