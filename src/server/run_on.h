// Running a Task somewhere else than on the caller's event loop.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "net/run_here.h"
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

using net::RunHere;

// As net::RunHere(); the task is cancelled when the process is to stop.
template <class T>
T RunHere(boost::asio::io_context& loop, Task<T> task, StopRequest& stop) {
  boost::asio::cancellation_signal cancel;
  std::optional<T> outcome;
  boost::asio::co_spawn(loop, net::Store(std::move(task), outcome),
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
