#include "net/sleep.h"

#include <boost/asio/this_coro.hpp>

#include "net/socket.h"

namespace pando::net {

Task<Result<void>> SleepUntil(Deadline until) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Timer timer(executor, until.at());
  const auto [failure] = co_await timer.async_wait(deferred_tuple);
  if (failure) co_return Error(ErrorId::kRequestCancelled, "the wait was cancelled");
  co_return Result<void>();
}

Task<Result<void>> SleepFor(Clock::duration span) { return SleepUntil(Deadline::After(span)); }

}  // namespace pando::net
