#include "server/health.h"

#include <utility>

namespace pando::server {

using admin::Check;

void Health::Watch(std::string part, WhyDegraded why) {
  const std::lock_guard lock(mutex_);
  parts_.emplace_back(std::move(part), std::move(why));
}

void Health::Forget() {
  const std::lock_guard lock(mutex_);
  parts_.clear();
}

Check Health::DatabaseCheck(Clock::time_point now) const {
  const Clock::rep at = answered_at_;
  if (at == 0) return {"database", false, "the database has not answered yet", Check::Weight::kDegrades};
  const Clock::duration silent = now - Clock::time_point(Clock::duration(at));
  const bool is_gone = silent >= kGoneAfter;
  if (silent < kSilentAfter && !lost_) return {"database", true, ""};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(silent).count();
  std::string detail = "the database does not answer";
  if (seconds > 0) detail += "; its last answer came " + std::to_string(seconds) + " s ago";
  return {"database", false, std::move(detail), is_gone ? Check::Weight::kDecides : Check::Weight::kDegrades};
}

std::vector<Check> Health::Checks(Clock::time_point now) const {
  const bool loaded = loaded_;
  const bool draining = draining_;
  std::vector<Check> checks = {DatabaseCheck(now),
                               {"catalog", loaded, loaded ? "" : "the schema of the database is not loaded yet"},
                               {"draining", !draining, draining ? "the server is shutting down" : ""}};
  const std::lock_guard lock(mutex_);
  for (const auto& [part, why_degraded] : parts_) {
    const std::optional<std::string> why = why_degraded();
    checks.push_back({part, !why, why.value_or(""), Check::Weight::kDegrades});
  }
  return checks;
}

}  // namespace pando::server
