// A Worker runs functions that would take too long on an event loop, one after the other, on the thread of another
// loop.
//
// Concurrency  thread-safe
// Ownership    the Worker outlives its callers; its loop may end with functions that did not begin
// Bounds       waiting_max functions that wait or run; one more is refused at once
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"

namespace pando::net {

class Worker {
 public:
  // `executor` is of the loop on whose thread the functions run.
  Worker(Executor executor, size_t waiting_max) : executor_(executor), waiting_max_(waiting_max) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Runs `work` on the Worker's thread and resumes the caller on its own loop. A caller that leaves does not wait: work
  // that has not begun by then never begins, and other work runs to its end, its result dropped. So `work` owns what it
  // uses. An exception of `work` is rethrown to the caller's task root.
  //   kHttpOverloaded  waiting_max functions wait or run already
  //   kRequestDeadline, kRequestCancelled  the caller left
  template <class T>
  Task<Result<T>> Run(std::function<T()> work, Deadline deadline) {
    auto made = std::make_shared<std::optional<T>>();
    std::function<void()> erased = [made, held = std::move(work)] { made->emplace(held()); };
    PANDO_CO_CHECK(co_await RunErased(std::move(erased), deadline));
    co_return std::move(**made);
  }

  // Has the thread give back what others have freed of what it made: see base/freed_memory.h. Returns at once.
  void ReturnMemory();

  // Functions that wait or run now.
  size_t waiting() const { return waiting_->load(std::memory_order_relaxed); }

 private:
  struct Call;

  Task<Result<void>> RunErased(std::function<void()> work, Deadline deadline);

  const Executor executor_;
  const size_t waiting_max_;
  // Shared with the calls, which may outlive the Worker in the queue of a loop that has ended.
  const std::shared_ptr<std::atomic<size_t>> waiting_ = std::make_shared<std::atomic<size_t>>(0);
};

}  // namespace pando::net
