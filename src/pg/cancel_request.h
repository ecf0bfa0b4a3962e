// Cancel requests (PostgreSQL documentation 55.2.8) over the event loop: libpq 15's own would block it.
//
// Internal to pg/.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <cstdio>
#include <optional>

#include "base/deadline.h"
#include "net/task.h"
#include "pg/pq.h"

namespace pando::pg {

// Where the server of a connection listens, and what it wants to see before it cancels.
struct CancelTarget {
  sockaddr_storage address{};
  socklen_t address_size = 0;
  uint32_t backend_pid = 0;
  uint32_t secret_key = 0;
};

// Learns the secret key of a connection while it starts. libpq keeps the key to itself, but its trace, which is public,
// shows the message that carried it. The trace may hold a password too: it is wiped when this dies.
class BackendKeyTrace {
 public:
  // REQUIRES: PQconnectStart was called and nothing was received yet; `connection` outlives this.
  explicit BackendKeyTrace(PGconn* connection);
  ~BackendKeyTrace();
  BackendKeyTrace(const BackendKeyTrace&) = delete;
  BackendKeyTrace& operator=(const BackendKeyTrace&) = delete;

  // nullopt when the trace did not show a key or the address of the server is unknown: nothing can be cancelled then.
  std::optional<CancelTarget> Target() const;

 private:
  std::optional<uint32_t> SecretKey() const;

  PGconn* const connection_;
  char* text_ = nullptr;
  size_t text_size_ = 0;
  FILE* stream_ = nullptr;
};

enum class CancelSent : uint8_t {
  kHandled,  // the server closed the connection: the signal has been sent, and no later statement can be hit
  kNotSent,  // nobody answered
  kUnknown,  // sent, but it may still be on its way
};

// REQUIRES: the coroutine cannot be cancelled (asio::disable_cancellation).
Task<CancelSent> SendCancelRequest(CancelTarget target, Deadline deadline);

}  // namespace pando::pg
