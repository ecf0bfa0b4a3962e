// Many coarse deadlines on one timer: what 10,000 connections need, each of which moves its deadline with every request
// and almost never meets it. Setting a later deadline is a store; the entry is moved only when its slot comes round.
//
// Concurrency  executor-bound
// Ownership    owns nothing; an Entry leaves the wheel when it dies
// Bounds       a deadline is met up to two ticks late, never early
#pragma once

#include <cstdint>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "base/deadline.h"

namespace pando::net {

class DeadlineWheel {
 public:
  class Entry : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    virtual ~Entry() = default;
    // The deadline passed and is forgotten. May call Set() again and may destroy entries.
    virtual void OnDeadline() = 0;

   private:
    friend DeadlineWheel;
    Clock::time_point at_ = Clock::time_point::max();
    uint64_t slot_tick_ = 0;  // when linked: the tick at which its slot is looked at
  };

  DeadlineWheel(Clock::duration tick, Clock::time_point now);

  // An entry has one deadline; a new one replaces it. Clock::time_point::max() never passes.
  void Set(Entry& entry, Clock::time_point at);

  // Calls OnDeadline() of each entry whose deadline is at or before `now`.
  void Advance(Clock::time_point now);

  Clock::duration tick() const { return tick_; }

 private:
  using List = boost::intrusive::list<Entry, boost::intrusive::constant_time_size<false>>;

  void Link(Entry& entry, uint64_t due_tick);
  uint64_t DueTick(Clock::time_point at) const;
  void VisitSlot(List& slot, Clock::time_point now);

  const Clock::duration tick_;
  const Clock::time_point start_;
  std::vector<List> slots_;
  uint64_t now_tick_ = 0;
};

}  // namespace pando::net
