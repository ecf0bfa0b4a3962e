// A Pace tells from what requests of one shape took so far whether the next ones may travel with others (pg/lane.h).
//
// Alone, a shape must show kRunsToTrust runs of which none was slow and the fastest was quick: on a busy machine most
// of a run's time is somebody else's. Among others it stays as long as its part of their time is small and none of it
// is stopped; then it goes alone again, for longer each time.
//
// Concurrency  single-owner
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/deadline.h"

namespace pando::serve {

class Pace {
 public:
  static constexpr uint32_t kRunsToTrust = 8;
  static constexpr std::chrono::milliseconds kQuick{2};        // the fastest run alone, at most
  static constexpr std::chrono::milliseconds kSlow{50};        // no run alone
  static constexpr std::chrono::milliseconds kTogetherMax{5};  // mean of its parts of the time of batches
  static constexpr size_t kBytesMax = 64 * 1024;               // rows of a run: a batch is held whole
  static constexpr std::chrono::seconds kPauseMin{1}, kPauseMax{300};

  // A run by itself, from sending it to the last of its rows.
  void RanAlone(Clock::duration took, size_t bytes);
  // A run among others: `part` is the time of all, divided by their number.
  void RanTogether(Clock::duration part, size_t bytes, Clock::time_point now);
  // It was stopped among others for being slow.
  void WasStopped(Clock::time_point now) { GoAlone(now); }

  bool MayShare(Clock::time_point now) const { return runs_ >= kRunsToTrust && now >= alone_until_; }

 private:
  void GoAlone(Clock::time_point now);

  uint32_t runs_ = 0;           // alone, that were not slow
  uint32_t runs_together_ = 0;  // since it last went alone
  Clock::duration fastest_ = Clock::duration::max();
  Clock::duration mean_part_{0};
  Clock::duration pause_ = kPauseMin;  // the next one
  Clock::time_point alone_until_{};
};

}  // namespace pando::serve
