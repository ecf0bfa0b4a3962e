// What is still to be told to a cache in front of this server: the tags whose answers it is to drop. Each is told
// twice, the second time a while later: an answer of before the change may have been on its way to that cache when it
// was told first.
//
// Concurrency  single-owner
// Bounds       kTagsMax tags wait to be told, and as many to be told again; what is more stands for everything
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "cache/tag.h"

namespace pando::cache {

class PurgeQueue {
 public:
  static constexpr size_t kTagsMax = 50'000;

  explicit PurgeQueue(Clock::duration again_after) : again_after_(again_after) {}

  // kEverything among them stands for all.
  void Add(const std::vector<Tag>& tags, Clock::time_point now);
  // What is due, at most `max` tags, each once; kEverything comes alone.
  std::vector<Tag> Take(size_t max, Clock::time_point now);
  // When Take() will have something; nullopt: not before Add().
  std::optional<Clock::time_point> due() const;

 private:
  void AddDue(const std::vector<Tag>& tags);
  void Repeat(const std::vector<Tag>& tags, Clock::time_point at);

  const Clock::duration again_after_;
  std::deque<Tag> due_;  // kEverything alone, when it is there
  std::unordered_set<Tag> in_due_;
  std::deque<std::pair<Clock::time_point, std::vector<Tag>>> again_;
  size_t in_again_ = 0;
};

}  // namespace pando::cache
