// Running a Task on a thread that waits for its end, and is no event loop's otherwise.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "net/task.h"

namespace pando::net {

// co_spawn() wants results that can be made from nothing; an optional can.
template <class T>
Task<void> Store(Task<T> task, std::optional<T>& outcome) {
  // By default Asio throws at the next co_await of a cancelled coroutine.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  outcome.emplace(co_await std::move(task));
}

// Runs a task to its end on an event loop that nobody else runs; blocks. Rethrows what escapes the task.
template <class T>
T RunHere(boost::asio::io_context& loop, Task<T> task) {
  std::optional<T> outcome;
  boost::asio::co_spawn(loop, Store(std::move(task), outcome), [](std::exception_ptr escaped) {
    if (escaped) std::rethrow_exception(escaped);
  });
  loop.run();
  PANDO_ASSERT(outcome.has_value());
  return std::move(*outcome);
}

}  // namespace pando::net
