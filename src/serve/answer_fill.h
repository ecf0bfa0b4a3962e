// An AnswerFill is one answer on its way into the cache: other requests for the same answer wait for it.
//
// Concurrency  executor-bound
// Internal to serve/.
#pragma once

#include <optional>
#include <utility>

#include "cache/store.h"
#include "serve/cache_counts.h"
#include "serve/flights.h"

namespace pando::serve {

class AnswerFill {
 public:
  AnswerFill(Flights::Lead lead, cache::Store::Fill fill, CacheCounts& counts)
      : lead_(std::move(lead)), fill_(std::move(fill)), counts_(&counts) {}

  cache::Store::Fill& fill() { return fill_; }
  // The answer is not stored, though its kind may be: the requests that wait ask the database themselves,
  void Abandon(Unproven why) {
    counts_->Lost(why).Add();
    if (!leaves_to_others_) lead_.flight().in_vain = true;
  }
  // or, after this, one of them brings the answer.
  void LeaveToOthers() { leaves_to_others_ = true; }
  void Offered(bool stored) { lead_.flight().in_vain = !stored; }

 private:
  Flights::Lead lead_;  // those who wait are woken when it ends
  cache::Store::Fill fill_;
  CacheCounts* counts_;
  bool leaves_to_others_ = false;
};

// Does nothing where nothing is to be stored.
inline void Abandon(std::optional<AnswerFill>& fill, Unproven why) {
  if (!fill) return;
  fill->Abandon(why);
  fill.reset();
}

}  // namespace pando::serve
