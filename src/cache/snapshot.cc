#include "cache/snapshot.h"

#include <algorithm>
#include <charconv>

namespace pando::cache {
namespace {

// Takes a number and the separator behind it off the text; false when there is none, or nothing behind a comma.
bool TakeNumber(std::string_view& text, char separator, uint64_t& number) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text.empty()) return true;
  if (text.front() != separator) return false;
  text.remove_prefix(1);
  return separator != ',' || !text.empty();
}

}  // namespace

std::optional<Snapshot> Snapshot::Parse(std::string_view text) {
  Snapshot snapshot;
  if (std::count(text.begin(), text.end(), ':') != 2) return std::nullopt;
  if (!TakeNumber(text, ':', snapshot.xmin_) || !TakeNumber(text, ':', snapshot.xmax_)) return std::nullopt;
  while (!text.empty()) {
    uint64_t& xid = snapshot.in_progress_.emplace_back();
    if (!TakeNumber(text, ',', xid)) return std::nullopt;
  }
  if (snapshot.xmin_ > snapshot.xmax_) return std::nullopt;
  std::sort(snapshot.in_progress_.begin(), snapshot.in_progress_.end());
  return snapshot;
}

bool Snapshot::Sees(Xid xid) const {
  // The difference of the low halves, as a signed number, is the distance to the nearest.
  const auto distance = static_cast<int32_t>(xid - static_cast<Xid>(xmax_));
  const uint64_t wide = xmax_ + static_cast<uint64_t>(int64_t{distance});
  if (wide < xmin_) return true;
  if (wide >= xmax_) return false;
  return !std::binary_search(in_progress_.begin(), in_progress_.end(), wide);
}

bool Snapshot::Includes(const Snapshot& other) const {
  if (xmax_ < other.xmax_) return false;
  return std::all_of(in_progress_.begin(), in_progress_.end(), [&](uint64_t xid) {
    return xid >= other.xmax_ || std::binary_search(other.in_progress_.begin(), other.in_progress_.end(), xid);
  });
}

}  // namespace pando::cache
