#include "serve/denied_log.h"

#include "telemetry/log.h"

namespace pando::serve {

void DeniedLog::Tell(const std::string& missing, const std::string& request_id, const std::string& role) {
  {
    const std::lock_guard lock(mutex_);
    if (told_.size() >= kToldMax || !told_.insert(missing).second) return;
  }
  const std::string text = "the database denied a request; if the role is meant to do this: " + missing;
  telemetry::Log(telemetry::Level::kInfo, "request.denied", text, {{"request_id", request_id}, {"role", role}});
}

}  // namespace pando::serve
