// The Workers of the process: what is too long for an event loop runs beside the loops, one after the other on each
// Worker, so that it takes a bounded part of the processors and of the memory.
//
// Concurrency  thread-safe after construction, except Start(), Stop() and Join(), which belong to the owner
// Bounds       one Worker for each four loops; 1,024 functions that wait or run on each
#pragma once

#include <cstddef>
#include <deque>

#include "net/loop_group.h"
#include "net/worker.h"

namespace pando::server {

class WorkerPool {
 public:
  // REQUIRES: loops > 0, those that are served
  explicit WorkerPool(size_t loops);

  // The Worker of that loop. REQUIRES: loop < loops
  net::Worker& Of(size_t loop);
  // Of a Worker's thread, for what nobody waits for.
  net::Executor executor() const { return loops_.executor(0); }

  // Starts the threads, which the operating system runs behind the loops where processors are few.
  void Start();
  void Stop() { loops_.Stop(); }
  void Join() { loops_.Join(); }

 private:
  net::LoopGroup loops_;
  std::deque<net::Worker> workers_;  // one on each
};

}  // namespace pando::server
