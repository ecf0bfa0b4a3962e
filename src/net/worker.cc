#include "net/worker.h"

#include <exception>
#include <string>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/freed_memory.h"
#include "net/socket.h"

namespace pando::net {

// One function with its caller. No cancellation signal of Asio crosses from loop to loop: co_spawn() on another
// executor keeps a plain pointer to the caller's signal and emits it there after the caller has ended (Boost 1.81).
struct Worker::Call {
  Call(Executor loop, Deadline deadline, std::function<void()> function)
      : caller(loop), finished(loop, deadline.at()), work(std::move(function)) {}

  const Executor caller;
  Timer finished;                  // on the caller's loop: cancelled when the work has ended
  bool ended = false;              // on the caller's loop
  std::atomic<bool> left = false;  // the caller does not wait any more
  std::function<void()> work;      // on the Worker's thread, as `escaped` until `ended`
  std::exception_ptr escaped;
};

void Worker::ReturnMemory() { boost::asio::post(executor_, ReturnFreedMemory); }

Task<Result<void>> Worker::RunErased(std::function<void()> work, Deadline deadline) {
  if (waiting_->fetch_add(1) >= waiting_max_) {
    waiting_->fetch_sub(1);
    co_return Error(ErrorId::kHttpOverloaded,
                    std::to_string(waiting_max_) + " long requests or responses wait for the worker thread already");
  }
  const Executor caller = co_await boost::asio::this_coro::executor;
  auto call = std::make_shared<Call>(caller, deadline, std::move(work));
  boost::asio::post(executor_, [call, waiting = waiting_]() mutable {
    if (!call->left) {
      try {
        call->work();
      } catch (...) {
        call->escaped = std::current_exception();
      }
    }
    call->work = nullptr;
    ReturnFreedMemory();
    waiting->fetch_sub(1);
    const Executor back = call->caller;
    // Moved, so that the timer is destroyed on its own loop.
    boost::asio::post(back, [call = std::move(call)] {
      call->ended = true;
      call->finished.cancel();
    });
  });
  const auto [woken] = co_await call->finished.async_wait(deferred_tuple);
  if (call->ended) {
    if (call->escaped) std::rethrow_exception(call->escaped);
    co_return Result<void>();
  }
  call->left = true;
  if (woken)
    co_return Error(ErrorId::kRequestCancelled, "the request was cancelled while it waited for the worker thread");
  co_return Error(ErrorId::kRequestDeadline, "the time for the request was over while it waited for the worker thread");
}

}  // namespace pando::net
