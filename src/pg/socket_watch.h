// A SocketWatch tells a coroutine when a socket that somebody else owns (libpq) can be read or written.
//
// Concurrency  executor-bound; one wait at a time
// Ownership    does not own the socket: Detach() before it is closed
// Internal to pg/.
#pragma once

#include <cstdint>
#include <memory>

#include "base/deadline.h"
#include "net/task.h"

namespace pando::pg {

// kNoRoom: not of a wait, but of an answer that may not be received.
enum class Wake : uint8_t { kReady, kDeadline, kCancelled, kFailed, kNoRoom };
enum class Interest : uint8_t { kRead, kWrite, kReadOrWrite };

class SocketWatch {
 public:
  explicit SocketWatch(net::Executor executor);
  ~SocketWatch();
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

  // False when the event loop refused the socket. REQUIRES: nothing attached.
  bool Attach(int socket);
  void Detach();

  // Suspends until the socket is ready, or until `deadline`, or until the coroutine is cancelled. It may be ready
  // without need (a write that became possible is reported late); the caller tries and waits again.
  // REQUIRES: the coroutine is not cancelled already (co_await would throw).
  Task<Wake> Wait(Interest interest, Deadline deadline);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pando::pg
