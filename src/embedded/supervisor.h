// Pando's side of the supervisor process: starts it, hears from it, gives it orders.
//
// Concurrency  thread-safe; the callback runs on a thread of its own
// Ownership    single-owner; the destructor stops the server at once if Stop() was not called
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "embedded/account.h"
#include "embedded/file_descriptor.h"
#include "embedded/supervisor_process.h"

namespace pando::embedded {

class Supervisor {
 public:
  using Listener = std::function<void(const Report&)>;

  // `arguments` start the postmaster; what it prints goes to `log`. `listener` hears each report in order.
  static Result<std::unique_ptr<Supervisor>> Start(const std::vector<std::string>& arguments, const Account& account,
                                                   const FileDescriptor& log, Listener listener);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // From now on a postmaster that ends by itself is started again, after a pause that grows from 0.1 to 5 s.
  void KeepRunning();

  // Fast shutdown; after `grace` immediate; 5 s later SIGKILL. Returns when the server has ended. Safe to call twice.
  void Stop(milliseconds grace);

  // Of the postmaster; 0 while there is none.
  pid_t postmaster_pid() const;
  // True once the supervisor process itself has ended.
  bool ended() const;

 private:
  Supervisor(pid_t process, FileDescriptor orders, FileDescriptor reports, Listener listener);

  void Listen();
  void Send(Order order);
  bool AwaitEnd(milliseconds timeout);

  const pid_t process_;
  const FileDescriptor orders_;
  const FileDescriptor reports_;
  const Listener listener_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  pid_t postmaster_pid_ = 0;  // under mutex_
  bool ended_ = false;        // under mutex_
  std::thread thread_;
};

}  // namespace pando::embedded
