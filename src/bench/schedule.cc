#include "bench/schedule.h"

#include <cmath>

#include "base/assert.h"

namespace pando::bench {
namespace {

// The time in which a rate that begins at phase.rate and changes evenly brings `requests`, in seconds. The usual
// solution of the quadratic equation cancels for flat ramps; this form does not, and covers the plateau.
double TimeFor(const Phase& phase, double requests) {
  const double slope = (phase.rate_to - phase.rate) / std::chrono::duration<double>(phase.duration).count();
  const double root = std::sqrt(std::max(phase.rate * phase.rate + 2 * slope * requests, 0.0));
  return 2 * requests / (phase.rate + root);
}

}  // namespace

Phase MakePlateau(const std::string& name, double rate, std::chrono::nanoseconds duration, bool measured) {
  Phase phase;
  phase.name = name;
  phase.rate = phase.rate_to = rate;
  phase.duration = duration;
  phase.measured = measured;
  return phase;
}

std::chrono::nanoseconds DurationOf(const std::vector<Phase>& phases) {
  std::chrono::nanoseconds total{0};
  for (const Phase& phase : phases) total += phase.duration;
  return total;
}

ArrivalStream::ArrivalStream(const std::vector<Phase>& phases, Arrivals arrivals, uint64_t seed, Share share)
    : phases_(&phases), arrivals_(arrivals), random_(seed, share.index), step_(share.count) {
  PANDO_ASSERT(share.index < share.count);
  due_ = arrivals == Arrivals::kConstant ? share.index : step_ * random_.Exponential();
}

int64_t ArrivalStream::Next() {
  while (phase_ < phases_->size() && due_ - before_ >= (*phases_)[phase_].requests()) {
    before_ += (*phases_)[phase_].requests();
    begin_ns_ += static_cast<double>((*phases_)[phase_].duration.count());
    ++phase_;
  }
  if (phase_ == phases_->size()) return kEnd;
  const double at_ns = begin_ns_ + TimeFor((*phases_)[phase_], due_ - before_) * 1e9;
  due_ += arrivals_ == Arrivals::kConstant ? step_ : step_ * random_.Exponential();
  return std::llround(at_ns);
}

}  // namespace pando::bench
