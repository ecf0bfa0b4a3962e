#include "net/deadline_wheel.h"

#include <algorithm>

#include "base/assert.h"

namespace pando::net {
namespace {

// A deadline further away than this many ticks waits in the farthest slot and is put back when that comes round.
constexpr size_t kSlots = 512;

}  // namespace

DeadlineWheel::DeadlineWheel(Clock::duration tick, Clock::time_point now) : tick_(tick), start_(now), slots_(kSlots) {
  PANDO_ASSERT(tick > Clock::duration::zero());
}

uint64_t DeadlineWheel::DueTick(Clock::time_point at) const {
  if (at <= start_) return 0;
  return static_cast<uint64_t>((at - start_) / tick_) + 1;
}

void DeadlineWheel::Set(Entry& entry, Clock::time_point at) {
  entry.at_ = at;
  if (at == Clock::time_point::max()) return;  // a linked entry is dropped when its slot comes round
  const uint64_t due = std::max(DueTick(at), now_tick_ + 1);
  if (entry.is_linked() && entry.slot_tick_ <= due) return;
  entry.unlink();
  Link(entry, due);
}

void DeadlineWheel::Link(Entry& entry, uint64_t due_tick) {
  entry.slot_tick_ = std::min(due_tick, now_tick_ + kSlots - 1);
  slots_[entry.slot_tick_ % kSlots].push_back(entry);
}

void DeadlineWheel::Advance(Clock::time_point now) {
  if (now < start_) return;
  const uint64_t target = static_cast<uint64_t>((now - start_) / tick_);
  // After a long sleep each slot is still visited only once: every linked entry is within kSlots ticks.
  if (target > now_tick_ + kSlots) now_tick_ = target - kSlots;
  while (now_tick_ < target) {
    ++now_tick_;
    VisitSlot(slots_[now_tick_ % kSlots], now);
  }
}

void DeadlineWheel::VisitSlot(List& slot, Clock::time_point now) {
  // Taken out first, for OnDeadline() may link into this slot again.
  List visited;
  visited.splice(visited.end(), slot);
  while (!visited.empty()) {
    Entry& entry = visited.front();
    entry.unlink();
    if (entry.at_ == Clock::time_point::max()) continue;
    if (entry.at_ <= now) {
      entry.at_ = Clock::time_point::max();
      entry.OnDeadline();
    } else {
      Link(entry, std::max(DueTick(entry.at_), now_tick_ + 1));
    }
  }
}

}  // namespace pando::net
