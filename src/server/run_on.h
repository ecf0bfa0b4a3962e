// Running a Task somewhere else than on the caller's event loop.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "net/task.h"
#include "server/stop_request.h"

namespace pando::server {

// Runs `task` on `executor` and resumes the caller on its own loop when it has ended. An exception of the task is
// rethrown to the caller's task root. A cancellation of the caller does not reach the task: on another executor Asio
// (Boost 1.81) emits it through a pointer to the caller's signal, which may be gone by then.
template <class T>
Task<T> RunOn(net::Executor executor, Task<T> task) {
  return boost::asio::co_spawn(executor, std::move(task),
                               boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(), net::use_task));
}

// co_spawn() wants results that can be made from nothing; an optional can.
template <class T>
Task<void> Store(Task<T> task, std::optional<T>& outcome) {
  // By default Asio throws at the next co_await of a cancelled coroutine.
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  outcome.emplace(co_await std::move(task));
}

// Runs a task to its end on an event loop that nobody else runs; blocks.
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

// The same; the task is cancelled when the process is to stop.
template <class T>
T RunHere(boost::asio::io_context& loop, Task<T> task, StopRequest& stop) {
  boost::asio::cancellation_signal cancel;
  std::optional<T> outcome;
  boost::asio::co_spawn(loop, Store(std::move(task), outcome),
                        boost::asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr escaped) {
                          if (escaped) std::rethrow_exception(escaped);
                        }));
  {
    const StopRequest::Listener listener(stop, [&loop, &cancel] {
      boost::asio::post(loop, [&cancel] { cancel.emit(boost::asio::cancellation_type::terminal); });
    });
    loop.run();
  }
  PANDO_ASSERT(outcome.has_value());
  return std::move(*outcome);
}

}  // namespace pando::server
