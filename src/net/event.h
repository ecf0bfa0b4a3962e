// Waiting until something has happened.
//
// Concurrency  executor-bound
// Ownership    outlives those who wait
#pragma once

#include <list>

#include "base/deadline.h"
#include "base/result.h"
#include "net/socket.h"
#include "net/task.h"

namespace pando::net {

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  // Returns when it is set, at once if it is.
  //   kRequestDeadline, kRequestCancelled
  Task<Result<void>> Wait(Deadline deadline);
  // Wakes all who wait. For good.
  void Set();
  bool is_set() const { return set_; }

 private:
  class Place;

  bool set_ = false;
  std::list<Timer*> waiting_;  // each in the frame of its Wait()
};

}  // namespace pando::net
