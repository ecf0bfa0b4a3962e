#include "pg/socket_watch.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

namespace pando::pg {

namespace asio = boost::asio;

// Lives on while a handler of a cancelled operation is still to be called.
struct SocketWatch::State : std::enable_shared_from_this<State> {
  using Descriptor = asio::posix::basic_stream_descriptor<net::Executor>;
  using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, net::Executor>;

  explicit State(net::Executor executor) : descriptor(executor), timer(executor) {}

  // An exchange takes 100 µs and its deadline lies seconds ahead: the timer is left running for the next ones and
  // looks at the deadline of the wait it meets, rather than being set and cancelled (a system call or two) each time.
  void ArmTimer(Clock::time_point at) {
    if (timer_at <= at) return;
    timer_at = at;
    timer.expires_at(at);
    timer.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      if (error) return;
      if (std::shared_ptr<State> state = weak.lock()) state->OnTimer();
    });
  }

  void OnTimer() {
    timer_at = Clock::time_point::max();
    if (!waiting || deadline.is_never()) return;
    if (deadline.passed()) {
      expired = true;
      descriptor.cancel();
    } else {
      ArmTimer(deadline.at());
    }
  }

  // Reading is what the coroutine waits for; that writing became possible ends that wait from the side.
  void StartWriteWait() {
    if (write_wait_pending) return;
    write_wait_pending = true;
    descriptor.async_wait(Descriptor::wait_write, [self = shared_from_this()](boost::system::error_code error) {
      self->write_wait_pending = false;
      if (error || !self->waiting) return;
      self->writable = true;
      self->descriptor.cancel();
    });
  }

  Descriptor descriptor;
  Timer timer;
  Clock::time_point timer_at = Clock::time_point::max();  // when the timer fires; max: it is not running
  Deadline deadline;                                      // of the wait under way
  bool waiting = false;
  bool expired = false;
  bool writable = false;
  bool write_wait_pending = false;
};

SocketWatch::SocketWatch(net::Executor executor) : state_(std::make_shared<State>(executor)) {}

SocketWatch::~SocketWatch() {
  Detach();
  state_->timer.cancel();
}

bool SocketWatch::Attach(int socket) {
  boost::system::error_code error;
  state_->descriptor.assign(socket, error);
  return !error;
}

void SocketWatch::Detach() {
  if (state_->descriptor.is_open()) state_->descriptor.release();
}

Task<Wake> SocketWatch::Wait(Interest interest, Deadline deadline) {
  const std::shared_ptr<State> state = state_;
  state->waiting = true;
  state->expired = false;
  state->writable = false;
  state->deadline = deadline;
  if (!deadline.is_never()) state->ArmTimer(deadline.at());
  if (interest == Interest::kReadOrWrite) state->StartWriteWait();
  const auto type = interest == Interest::kWrite ? State::Descriptor::wait_write : State::Descriptor::wait_read;
  auto [error] = co_await state->descriptor.async_wait(type, net::deferred_tuple);
  state->waiting = false;
  if (!error) co_return Wake::kReady;
  if (error != asio::error::operation_aborted) co_return Wake::kFailed;
  if (state->expired) co_return Wake::kDeadline;
  if (state->writable) co_return Wake::kReady;
  co_return Wake::kCancelled;
}

}  // namespace pando::pg
