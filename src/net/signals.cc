#include "net/signals.h"

#include <csignal>

namespace pando::net {

Signals::Signals(Executor executor, std::function<void(int signal)> on_signal)
    : set_(executor), on_signal_(std::move(on_signal)) {
  std::signal(SIGPIPE, SIG_IGN);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
    boost::system::error_code ignored;  // only an unknown signal number can fail
    set_.add(number, ignored);
  }
  Wait();
}

void Signals::Wait() {
  set_.async_wait([this](const boost::system::error_code& failure, int number) {
    if (failure) return;  // closed: `this` may be gone
    Wait();
    on_signal_(number);
  });
}

void Signals::Close() {
  boost::system::error_code ignored;
  set_.cancel(ignored);
  set_.clear(ignored);
}

}  // namespace pando::net
