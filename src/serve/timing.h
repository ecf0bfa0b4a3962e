// Where a request's time went, as the Server-Timing header tells it (W3C Server Timing): phases in milliseconds.
//
// Concurrency  single-owner
#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/deadline.h"

namespace pando::serve {

enum class Phase { kJwt, kParse, kPlan, kTransaction, kResponse };

class Timing {
 public:
  // Not `measured`: nothing is, and the clock is not asked.
  explicit Timing(bool measured) : measured_(measured) {
    if (measured_) last_ = Clock::now();
  }

  // Ends `phase`: it took the time since the phase before it ended.
  void Mark(Phase phase) {
    if (!measured_) return;
    const auto now = Clock::now();
    spans_[static_cast<size_t>(phase)] = now - last_;
    last_ = now;
  }
  // "jwt;dur=0.1, parse;dur=0.0, ...": the phases that were marked, in their order.
  std::string Header() const;

 private:
  const bool measured_;
  Clock::time_point last_;
  std::array<std::optional<Clock::duration>, 5> spans_;
};

}  // namespace pando::serve
