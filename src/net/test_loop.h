// An event loop that a test drives by hand.
//
// Concurrency  single-owner
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "net/task.h"

namespace pando::test {

class TestLoop {
 public:
  net::Executor executor() { return context_.get_executor(); }
  boost::asio::io_context& context() { return context_; }

  // Runs the loop until `task` has ended and answers its result. Exceptions come out here.
  template <class T>
  T Run(Task<T> task) {
    std::optional<T> result;
    Finish(Store(std::move(task), &result));
    return std::move(*result);
  }
  void Run(Task<void> task) { Finish(std::move(task)); }

  // Runs whatever is ready now, without waiting.
  void Poll() {
    context_.restart();
    context_.poll();
  }

 private:
  template <class T>
  static Task<void> Store(Task<T> task, std::optional<T>* result) {
    T value = co_await std::move(task);
    result->emplace(std::move(value));
  }

  void Finish(Task<void> task) {
    bool ended = false;
    std::exception_ptr escaped;
    boost::asio::co_spawn(context_, std::move(task), [&](std::exception_ptr error) {
      ended = true;
      escaped = error;
    });
    context_.restart();
    while (!ended) {
      const bool ran = context_.run_one() > 0;
      PANDO_ASSERT(ran);  // else the task waits for an event that never comes
    }
    if (escaped) std::rethrow_exception(escaped);
  }

  boost::asio::io_context context_{1};
};

}  // namespace pando::test
