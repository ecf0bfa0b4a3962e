#include "net/sleep.h"

#include <boost/asio/this_coro.hpp>

#include "net/socket.h"

namespace pando::net {
namespace {

constexpr milliseconds kRoomPause{10};
constexpr std::chrono::seconds kRoomPatience{5};

}  // namespace

Task<Result<void>> SleepUntil(Deadline until) {
  const Executor executor = co_await boost::asio::this_coro::executor;
  Timer timer(executor, until.at());
  const auto [failure] = co_await timer.async_wait(deferred_tuple);
  if (failure) co_return Error(ErrorId::kRequestCancelled, "the wait was cancelled");
  co_return Result<void>();
}

// Looks again and again: those that give memory back run on other loops too.
Task<Result<void>> WaitForRoom(MemoryCharge& charge, uint64_t bytes, Deadline deadline, MemoryNeed need) {
  const Deadline patience = Deadline::After(kRoomPatience).Min(deadline);
  while (!charge.TryHoldInLine(bytes, need)) {
    if (charge.CanNever(bytes) || patience.passed()) {
      charge.CountRefusal();
      if (deadline.passed())
        co_return Error(ErrorId::kRequestDeadline, "the time for the request was over while it waited for memory");
      co_return NoRoomForIt();
    }
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    Result<void> slept = Error(ErrorId::kRequestCancelled, "the request was cancelled while it waited for memory");
    if (!WasCancelled(state)) slept = co_await SleepFor(kRoomPause);
    if (!slept) {
      charge.LeaveLine();
      co_return slept;
    }
  }
  co_return Result<void>();
}

Task<Result<void>> SleepFor(Clock::duration span) { return SleepUntil(Deadline::After(span)); }

}  // namespace pando::net
