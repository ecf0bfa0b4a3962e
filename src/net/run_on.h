// Awaiting a Task that runs on another event loop.
#pragma once

#include <boost/asio/co_spawn.hpp>

#include "net/task.h"

namespace pando::net {

// Runs `task` on `executor` and resumes the caller on its own loop when it has ended. An exception of the task is
// rethrown to the caller's task root.
template <class T>
Task<T> RunOn(Executor executor, Task<T> task) {
  return boost::asio::co_spawn(executor, std::move(task), use_task);
}

}  // namespace pando::net
