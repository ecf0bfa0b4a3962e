#include "net/event.h"

#include <boost/asio/this_coro.hpp>

namespace pando::net {

// Out of the list however the wait ends.
class Event::Place {
 public:
  Place(std::list<Timer*>& list, Timer& timer) : list_(list), at_(list.insert(list.end(), &timer)) {}
  ~Place() { list_.erase(at_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  std::list<Timer*>& list_;
  const std::list<Timer*>::iterator at_;
};

Task<Result<void>> Event::Wait(Deadline deadline) {
  if (set_) co_return Result<void>();
  const Executor executor = co_await boost::asio::this_coro::executor;
  Timer timer(executor, deadline.at());
  const Place place(waiting_, timer);
  const auto [woken] = co_await timer.async_wait(deferred_tuple);
  if (set_) co_return Result<void>();
  if (woken) co_return Error(ErrorId::kRequestCancelled, "the wait was cancelled");
  co_return Error(ErrorId::kRequestDeadline, "the wait took longer than its time allowed");
}

void Event::Set() {
  set_ = true;
  for (Timer* timer : waiting_) timer->cancel();
}

}  // namespace pando::net
