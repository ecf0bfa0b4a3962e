#include "serve/pace.h"

#include <algorithm>

namespace pando::serve {
namespace {

constexpr int kMeanOf = 64;                  // runs, about: several batches
constexpr uint32_t kRunsToForgive = 10'000;  // among others: then the next pause is the shortest again
constexpr Clock::duration kNone = Clock::duration::max();

}  // namespace

void Pace::RanAlone(Clock::duration took, size_t bytes) {
  if (took > kSlow || bytes > kBytesMax) {
    runs_ = 0;
    fastest_ = kNone;
    return;
  }
  ++runs_;
  fastest_ = std::min(fastest_, took);
  if (runs_ < kRunsToTrust || fastest_ <= kQuick) return;
  runs_ = 0;
  fastest_ = kNone;
}

void Pace::RanTogether(Clock::duration part, size_t bytes, Clock::time_point now) {
  mean_part_ += (part - mean_part_) / kMeanOf;
  if (mean_part_ > kTogetherMax || bytes > kBytesMax) return GoAlone(now);
  if (++runs_together_ == kRunsToForgive) pause_ = kPauseMin;
}

void Pace::GoAlone(Clock::time_point now) {
  // Those that were under way together tell of one thing.
  if (now < alone_until_) return;
  alone_until_ = now + pause_;
  pause_ = std::min<Clock::duration>(pause_ * 2, kPauseMax);
  runs_ = 0;
  runs_together_ = 0;
  fastest_ = kNone;
  mean_part_ = Clock::duration(0);
}

}  // namespace pando::serve
