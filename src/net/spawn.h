// Starting Tasks that nobody awaits on the spot. Each has an owner, here or in a TaskGroup, that cancels and awaits it,
// and ends where an escaped exception is caught, logged under PANDO9000 and forgotten.
//
// Concurrency  executor-bound: call from the loop that runs the tasks
#pragma once

#include <exception>
#include <functional>
#include <list>
#include <string>
#include <string_view>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>

#include "net/socket.h"
#include "net/task.h"

namespace pando::net {

// Runs `task` on `executor` and calls `done` from the loop when it has ended, however it ended and after its frames
// are gone. Terminal cancellation arrives through `slot`; a cancelled task sees Errors from its waits and no exception.
// `name` is for the log and must outlive the task (a literal).
void StartTask(Executor executor, std::string_view name, Task<void> task, boost::asio::cancellation_slot slot,
               std::function<void()> done);

// Owns any number of tasks.
class TaskGroup {
 public:
  explicit TaskGroup(Executor executor) : executor_(executor), all_ended_(executor, Clock::time_point::max()) {}
  // REQUIRES: empty(); co_await Join() first.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // `name` is for the log and must outlive the task (a literal).
  void Spawn(std::string_view name, Task<void> task);
  // Cancels every task there is now; each ends as soon as its wait has returned.
  void Cancel();
  // Returns when no task is left, those spawned meanwhile included. REQUIRES: not called by one of its own tasks.
  Task<void> Join();
  bool empty() const { return tasks_.empty(); }
  size_t size() const { return tasks_.size(); }

 private:
  const Executor executor_;
  std::list<boost::asio::cancellation_signal> tasks_;  // on the executor
  Timer all_ended_;                                    // never expires; cancelled to wake Join()
};

// What an exception says of itself.
std::string DescribeException(std::exception_ptr exception);

// Logs an exception that reached the root of a task, under PANDO9000.
void LogEscaped(std::string_view task_name, std::exception_ptr escaped);

}  // namespace pando::net
