// The event loops of the process: N threads, each with its own io_context, that share nothing. Code on a loop never
// blocks; lag() shows when it does.
//
// Concurrency  thread-safe after construction, except Start(), Stop() and Join(), which belong to the owner
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/deadline.h"
#include "net/task.h"

namespace pando::net {

class LoopGroup {
 public:
  // REQUIRES: count > 0.
  explicit LoopGroup(size_t count);
  // Stops and joins.
  ~LoopGroup();
  LoopGroup(const LoopGroup&) = delete;
  LoopGroup& operator=(const LoopGroup&) = delete;

  size_t size() const { return loops_.size(); }
  // REQUIRES: index < size().
  Executor executor(size_t index) const;

  // Starts the threads; the loops run until Stop(), idle or not. Handlers that throw are logged (PANDO9000) and the
  // loop goes on.
  void Start();
  // Runs `work` on that loop, soon.
  void Post(size_t index, std::function<void()> work);
  // Runs `work(index)` on every loop, soon.
  void PostToEach(std::function<void(size_t index)> work);
  // The loops end after the handler they are in; what still waits is dropped. Does not wait.
  void Stop();
  // Waits for the threads to end.
  void Join();

  // How late the loop was, at the worst, for what was due in the last second or so.
  Clock::duration lag(size_t index) const;

 private:
  struct Loop;
  std::vector<std::unique_ptr<Loop>> loops_;  // constant after construction
};

}  // namespace pando::net
