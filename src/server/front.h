// The Front answers the admin port and hears signals, on a thread and event loop of its own, from the first moment of
// the process on. /livez and /readyz are answered there, whatever everything else does; the other paths by the control
// loop, as long as it runs.
//
// Concurrency  thread-safe, but for Start() and the destructor, which belong to the owner
// Ownership    outlives everything that it is attached to
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "admin/handler.h"
#include "admin/options.h"
#include "base/result.h"
#include "http/server.h"
#include "net/signals.h"
#include "net/task.h"
#include "server/health.h"
#include "server/stop_request.h"

namespace pando::server {

// What answers /metrics, /config and /cache: functions for an event loop, and what signals other than those that end
// the process are for.
struct ControlPart {
  net::Executor executor;
  std::shared_ptr<const admin::Sources> sources;
  std::function<void(int signal)> on_signal;
};

class Front {
 public:
  // Listens, unless admin.listen is empty, and starts its thread.
  //   as http::Server::Listen
  static Result<std::unique_ptr<Front>> Start(const admin::AdminOptions& options);
  // Ends the thread; requests have a second to end.
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  Health& health() { return health_; }
  // SIGTERM and SIGINT ask it.
  StopRequest& stop() { return stop_; }

  void Attach(ControlPart control);
  // Returns when no request is on its way to the control loop any more, which calls it and goes on running meanwhile.
  Task<void> Detach();
  // Signals have their default effect from now on.
  void ReleaseSignals();

 private:
  Front();
  std::optional<Task<void>> Handle(http::Request& request, http::Response& response);
  Task<void> Forward(http::Request& request, http::Response& response);
  std::optional<ControlPart> TakeControl();
  void OnSignal(int signal);
  Task<void> Close();

  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  Health health_;
  StopRequest stop_;
  admin::Sources own_sources_;             // of what is answered here
  std::unique_ptr<net::Signals> signals_;  // on the loop
  std::unique_ptr<http::Server> server_;   // on the loop; null: admin.listen is empty
  std::mutex mutex_;
  std::optional<ControlPart> control_;  // under mutex_
  std::atomic<int> forwarded_{0};       // requests that the control loop answers now
  std::thread thread_;
};

}  // namespace pando::server
