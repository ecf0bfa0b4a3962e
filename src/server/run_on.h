// Awaiting a Task, or plain work, that runs on another event loop.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <functional>
#include <utility>

#include "net/task.h"

namespace pando::server {

// Runs `task` on `executor` and resumes the caller on its own loop when it has ended. An exception of the task is
// rethrown to the caller's task root.
template <class T>
Task<T> RunOn(net::Executor executor, Task<T> task) {
  return boost::asio::co_spawn(executor, std::move(task), net::use_task);
}

// The same for work that takes long and is no coroutine.
template <class T>
Task<T> CallOn(net::Executor executor, std::function<T()> work) {
  const auto run = [](std::function<T()> held) -> Task<T> { co_return held(); };
  return RunOn(executor, run(std::move(work)));
}

}  // namespace pando::server
