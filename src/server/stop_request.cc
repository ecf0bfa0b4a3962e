#include "server/stop_request.h"

#include <utility>

namespace pando::server {

StopRequest::Listener::Listener(StopRequest& stop, std::function<void()> on_stop) : stop_(stop) {
  const std::lock_guard lock(stop_.mutex_);
  if (stop_.asked_) on_stop();
  place_ = stop_.listeners_.insert(stop_.listeners_.end(), std::move(on_stop));
}

StopRequest::Listener::~Listener() {
  const std::lock_guard lock(stop_.mutex_);
  stop_.listeners_.erase(place_);
}

void StopRequest::Ask(std::optional<Error> why) {
  const std::lock_guard lock(mutex_);
  if (asked_) return;
  why_ = std::move(why);
  asked_ = true;
  for (const std::function<void()>& listener : listeners_) listener();
}

Result<void> StopRequest::outcome() const {
  const std::lock_guard lock(mutex_);
  if (why_) return *why_;
  return {};
}

}  // namespace pando::server
