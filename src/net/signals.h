// The signals that the server answers to: SIGTERM and SIGINT (stop), SIGHUP (reload), SIGUSR1 (reload the catalog).
//
// Concurrency  executor-bound. One per process.
#pragma once

#include <functional>

#include <boost/asio/basic_signal_set.hpp>

#include "net/task.h"

namespace pando::net {

class Signals {
 public:
  // Calls `on_signal` with the signal's number, on the loop, for each that arrives until Close() or destruction.
  // From here on a write to a closed socket is an error of that write and never SIGPIPE.
  Signals(Executor executor, std::function<void(int signal)> on_signal);

  // The signals have their default effect again; the loop may run out of work.
  void Close();

 private:
  void Wait();

  boost::asio::basic_signal_set<Executor> set_;
  std::function<void(int)> on_signal_;
};

}  // namespace pando::net
