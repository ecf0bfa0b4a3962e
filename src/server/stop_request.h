// A StopRequest says that the process is to end: it was signalled, or cannot go on. Whatever blocks or waits during the
// start looks at it, or has itself told.
//
// Concurrency  thread-safe
// Ownership    outlives the Listeners
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "base/result.h"

namespace pando::server {

class StopRequest {
 public:
  // Calls `on_stop` once, on the thread that asks, or at once where it was asked before; never after its destruction.
  class Listener {
   public:
    Listener(StopRequest& stop, std::function<void()> on_stop);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

   private:
    StopRequest& stop_;
    std::list<std::function<void()>>::iterator place_;
  };

  // `why`: an error that the process ends with; nullopt: it was told to end. Only the first call counts.
  void Ask(std::optional<Error> why = std::nullopt);
  bool asked() const { return asked_.load(); }
  // What the process comes to, once it was asked to stop.
  Result<void> outcome() const;

 private:
  mutable std::mutex mutex_;
  std::atomic<bool> asked_{false};
  std::optional<Error> why_;                    // under mutex_
  std::list<std::function<void()>> listeners_;  // under mutex_
};

}  // namespace pando::server
