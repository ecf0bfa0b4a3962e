// A Pool lends connections to one database, opening and retiring them as demand and health ask.
//
// Concurrency  executor-bound: one Pool per event loop; waiting suspends the calling coroutine, never a thread.
// Ownership    the Pool owns its connections; a Lease hands one back when it dies, and dies before the Pool.
// Bounds       options.connections_max connections, options.waiters_max waiting callers.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/deadline.h"
#include "base/option.h"
#include "base/result.h"
#include "net/task.h"
#include "pg/commit_wait.h"
#include "pg/connection.h"

namespace pando::pg {

struct PoolOptions {
  ConnectOptions connect;
  uint32_t connections_max = 10;
  uint32_t waiters_max = 1000;
  milliseconds acquire_timeout = std::chrono::seconds(10);
  milliseconds connect_timeout = std::chrono::seconds(10);
  milliseconds idle_timeout = std::chrono::seconds(30);  // an idle connection is closed after it; 0: never
  milliseconds lifetime_max = std::chrono::minutes(30);  // a connection is replaced after it; 0: never
};

struct PoolStats {
  uint32_t open = 0;  // connections, idle and lent
  uint32_t lent = 0;
  uint32_t waiting = 0;
  uint64_t timeouts = 0;  // callers whose deadline passed in the waiting line
  uint64_t refused = 0;   // callers refused because the line was full
  uint64_t opened = 0;    // connections ever opened
  uint64_t failed = 0;    // attempts to connect that failed
};

// What a connection is wanted for.
enum class Purpose : uint8_t { kRead, kWrite };

class PoolImpl;

// A connection and what the Pool knows about it. Internal to pg/.
struct Pooled {
  std::unique_ptr<Connection> connection;
  Clock::time_point opened_at;
  Clock::time_point idle_since;
  uint64_t generation = 0;  // Renew() begins a new one
  bool writes = false;      // lent to what may write
};

// Hands its connection back when it dies. A connection that is broken, or that still holds a transaction, is closed;
// one that needs cleaning is cleaned off the caller's path before it is lent again.
class Lease {
 public:
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&&) noexcept;
  ~Lease();
  Connection* operator->() const { return pooled_.connection.get(); }
  Connection& operator*() const { return *pooled_.connection; }
  // Close it rather than lend it again.
  void Discard();

 private:
  friend class PoolImpl;
  Lease(std::shared_ptr<PoolImpl> pool, Pooled pooled);
  void HandBack();
  std::shared_ptr<PoolImpl> pool_;  // null: moved from
  Pooled pooled_;
  bool discard_ = false;
};

class Pool {
 public:
  // Opens nothing yet: the first Acquire() does.
  Pool(net::Executor executor, PoolOptions options);
  // REQUIRES: no caller waits in Acquire(); co_await Close() first where there may be one.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Lends the connection that was idle the shortest (preferring one whose session() equals `session`), or opens one.
  // Callers are served in order of arrival. While the database is away, callers fail at once with the last error
  // rather than queueing, and one attempt at a time probes with backoff (50 ms to 1 s).
  //   kPoolOverloaded    waiters_max callers wait already; answered without suspending
  //   kPoolTimeout       acquire_timeout or `deadline` passed first
  //   kRequestCancelled  the coroutine was cancelled while it waited
  //   kDraining          Close() was called while it waited
  //   kDatabaseUnreachable  no server answered, or the server refuses the login; its own words are then the detail
  //   kConfigInvalid        as Connection::Open
  //   kStandbyAwaited       of kWrite: commits wait for a standby (Note()), and hold half of the connections already
  //   kStandby              of kWrite: the server is a standby (Connection::in_standby())
  // REQUIRES: Close() was not called.
  Task<Result<Lease>> Acquire(Deadline deadline, SessionState session, Purpose purpose = Purpose::kRead);
  // For the state that a connection starts with. (As a default argument the aggregate would be destroyed twice by
  // g++ 12.2 inside a co_await.)
  Task<Result<Lease>> Acquire(Deadline deadline);

  // As Connection::Run(), of an exchange that writes and commits: it runs to its end when its caller leaves, and its
  // connection is lent again afterwards. `lease` is given away then, and is back when the caller did not leave.
  //   kWriteUnknown  also: `deadline` passed first, or the coroutine was cancelled
  Task<Result<std::vector<Rows>>> Finish(Lease& lease, Exchange exchange, Deadline deadline);
  // The same of Connection::End(true).
  Task<Result<void>> Commit(Lease& lease, Deadline deadline);
  // Where commits wait for a standby, what writes gets half of the connections at most, at least one, so that a standby
  // that is away leaves the others to reads.
  void Note(CommitWait wait);
  CommitWait commit_wait() const;

  // Lends no more, waits for leases until `grace`, breaks what Finish() has under way then, and forgets other leases.
  // Safe to call twice.
  Task<void> Close(Deadline grace);

  // Lends nothing any more: every caller gets `error`, until the process ends. A connection whose pooler breaks its
  // promise does that by itself.
  void GiveUp(const Error& error);

  // Retires every connection as it comes back (settings of the database or of a role have changed).
  void Renew();
  void Resize(uint32_t connections_max);
  // No exchange that begins from now on finds anything of before on its connection: no statement that was prepared, and
  // nothing that a function left. For when the schema, or the memberships of roles, have changed.
  void CleanAll();

  PoolStats stats() const;  // thread-safe; may be stale on return

 private:
  std::shared_ptr<PoolImpl> impl_;
};

}  // namespace pando::pg
