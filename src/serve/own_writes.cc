#include "serve/own_writes.h"

#include <charconv>
#include <limits>

#include "base/random.h"

namespace pando::serve {
namespace {

constexpr size_t kSlots = 65'536;
constexpr Clock::rep kNever = std::numeric_limits<Clock::rep>::min();
static_assert(Clock::time_point(Clock::duration(kNever)) == Clock::time_point::min());

}  // namespace

OwnWrites::OwnWrites() : process_(RandomText(26, "abcdefghijklmnopqrstuvwxyz234567")), slots_(kSlots) {
  for (auto& slot : slots_) slot.store(kNever, std::memory_order_relaxed);
}

void OwnWrites::Note(size_t caller, Clock::time_point now) {
  std::atomic<Clock::rep>& slot = SlotOf(caller);
  const Clock::rep at = now.time_since_epoch().count();
  Clock::rep last = slot.load(std::memory_order_relaxed);
  while (last < at && !slot.compare_exchange_weak(last, at, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

Clock::time_point OwnWrites::LastBy(size_t caller) const {
  return Clock::time_point(Clock::duration(slots_[caller % slots_.size()].load(std::memory_order_acquire)));
}

std::string OwnWrites::WritePosition(Clock::time_point at) const {
  return process_ + "." + std::to_string(at.time_since_epoch().count());
}

std::optional<Clock::time_point> OwnWrites::ReadPosition(std::string_view text) const {
  if (!text.starts_with(process_) || text.size() <= process_.size() || text[process_.size()] != '.')
    return std::nullopt;
  text.remove_prefix(process_.size() + 1);
  Clock::rep at = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), at);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Clock::time_point(Clock::duration(at));
}

}  // namespace pando::serve
