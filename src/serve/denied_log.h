// A DeniedLog tells the log which privileges are missing, each sentence once: callers may be refused again and again.
//
// Concurrency  thread-safe: one DeniedLog for all event loops
// Bounds       kToldMax sentences are logged
#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>

namespace pando::serve {

class DeniedLog {
 public:
  static constexpr size_t kToldMax = 200;

  // Logs request.denied, unless the log has `missing` already.
  void Tell(const std::string& missing, const std::string& request_id, const std::string& role);

 private:
  std::mutex mutex_;
  std::set<std::string> told_;  // GUARDED_BY(mutex_)
};

}  // namespace pando::serve
