// A Coalesced runs one task at a time. A request while the task runs makes it run once more afterwards, however many
// requests there are. After a failure it tries again, with pauses that grow.
//
// Concurrency  executor-bound
// Ownership    the TaskGroup outlives it; cancel and join the group before destroying it
#pragma once

#include <functional>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "net/socket.h"
#include "net/spawn.h"
#include "net/task.h"

namespace pando::net {

class Coalesced {
 public:
  struct Options {
    milliseconds retry_min{100}, retry_max{5000};  // pauses after failures
  };

  // `run` logs its own failures. `name` is for the log and must outlive this (a literal).
  Coalesced(Executor executor, TaskGroup& tasks, std::string_view name, std::function<Task<Result<void>>()> run,
            Options options);
  Coalesced(const Coalesced&) = delete;
  Coalesced& operator=(const Coalesced&) = delete;

  // Runs the task soon. A pause after a failure goes on.
  void Request();
  // The same, and a pause ends.
  void RequestAtOnce();
  // The task runs, or will after a pause.
  bool is_running() const { return running_; }
  // Begins no run any more. What runs is the TaskGroup's to cancel.
  void Stop() { stopped_ = true; }

 private:
  Task<void> Loop();

  TaskGroup& tasks_;
  const std::string_view name_;
  const std::function<Task<Result<void>>()> run_;
  const Options options_;
  Timer pause_;
  bool running_ = false;  // Loop() is under way
  bool again_ = false;    // and must run the task once more
  bool stopped_ = false;
};

}  // namespace pando::net
