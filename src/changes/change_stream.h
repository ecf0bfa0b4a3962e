// The ChangeStream follows the primary's log through a slot of its own and hands over each committed transaction that
// touched published tables, in the order of commits.
//
// The slot is temporary: it goes with the connection, so that a server that is gone makes the primary keep nothing; one
// that falls too far behind gives its slot up. After a break nothing is known of what happened meanwhile: OnBreak()
// says so, and the next OnStart() begins anew.
//
// How old it is, is known from heartbeats: a message with a secret is written into the log every now and then, and its
// return proves that everything before it has been handed over. Signs of life from the server prove nothing.
//
// Concurrency  executor-bound, but for stats() and fresh_at()
// Ownership    the sink outlives it; co_await Stop() before destroying it
// Bounds       memory: AssemblerOptions; the primary's log: lag_bytes_max while connected, nothing otherwise
#pragma once

#include <atomic>
#include <deque>
#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "changes/advice.h"
#include "changes/assembler.h"
#include "changes/transaction.h"
#include "net/spawn.h"
#include "net/task.h"
#include "pg/connect_options.h"
#include "pg/replication_session.h"

namespace pando::pg {
class Connection;
}

namespace pando::changes {

// Where a stream begins: every transaction that commits from here on is handed over.
struct StreamOrigin {
  uint64_t system = 0;  // of the cluster (pg_control_system)
  uint32_t timeline = 0;
  Lsn lsn = 0;
};

// What the primary says with each heartbeat, while there is a stream.
struct Heartbeat {
  std::string snapshot;  // pg_current_snapshot(): which transactions have ended
  // Of what no event trigger tells: roles and their membership, settings of roles and databases, the triggers
  // themselves, and the publication, without which they tell nothing.
  std::string fingerprint;
};

class ChangeSink {
 public:
  virtual ~ChangeSink() = default;
  virtual void OnStart(const StreamOrigin& origin) = 0;
  virtual void OnTransaction(const Transaction& transaction) = 0;
  virtual void OnHeartbeat(const Heartbeat&) {}
  // Only after OnStart().
  virtual void OnBreak(const Error& why) = 0;
};

struct ChangeStreamOptions {
  pg::ConnectOptions connect;  // as a role that may replicate, on the primary
  std::string publication = "pando";
  AssemblerOptions assembler;  // its message_prefix is the stream's own
  milliseconds connect_timeout = std::chrono::seconds(10);
  milliseconds slot_patience = std::chrono::seconds(3);  // then it is said what the slot waits for
  milliseconds heartbeat_every{200};
  // When nobody has asked how fresh it is for so long, the heartbeats, each of which is a commit, are this rare.
  milliseconds idle_after = std::chrono::seconds(10), heartbeat_idle = std::chrono::seconds(5);
  // Without a heartbeat back for so long, the connection counts as broken.
  milliseconds silence_max = std::chrono::seconds(30);
  milliseconds retry_min{200}, retry_max = std::chrono::seconds(30);
  uint64_t lag_bytes_max = uint64_t{1} << 30;  // of the log between what has been written and what has been handed over
};

struct ChangeStreamStats {
  bool streaming = false;
  uint64_t transactions = 0;  // handed over
  uint64_t changes = 0;       // in them
  uint64_t breaks = 0;
  uint64_t lag_bytes = 0;        // at the newest heartbeat
  uint64_t bytes_in_memory = 0;  // of transactions that have not ended
  Clock::duration delay{0};      // from a commit on the primary to its arrival: the newest heartbeat's, there and back
};

class ChangeStream {
 public:
  ChangeStream(net::Executor executor, ChangeStreamOptions options, ChangeSink& sink);
  ChangeStream(const ChangeStream&) = delete;
  ChangeStream& operator=(const ChangeStream&) = delete;

  // Streams until Stop(), through breaks of either side. What keeps the database from offering it is logged once, with
  // what to do, and tried again from time to time.
  void Start();
  Task<void> Stop();

  // Every commit before this moment, by this machine's clock, has been handed over; Clock::time_point::min() while
  // there is no stream. Thread-safe.
  Clock::time_point fresh_at() const {
    return Clock::time_point(Clock::duration(fresh_at_.load(std::memory_order_acquire)));
  }
  // The same, for who goes by it: keeps the heartbeats at their pace. After a pause the next one is soon. Thread-safe.
  Clock::time_point AskFreshAt() {
    if (!asked_.load(std::memory_order_relaxed)) asked_.store(true, std::memory_order_relaxed);
    return fresh_at();
  }
  ChangeStreamStats stats() const;  // thread-safe; may be stale on return

 private:
  struct Beat {
    std::string secret;
    Clock::time_point sent;
    bool is_back = false;  // through the stream
    bool is_told = false;  // what the database said with it
  };

  Task<void> Run();
  Task<Result<void>> StreamOnce();
  Task<Result<StreamOrigin>> BeginAt(pg::ReplicationSession& session, const std::string& slot);
  Task<Result<Lsn>> CreateSlot(pg::ReplicationSession& session, const std::string& slot);
  Task<Result<void>> Pump(pg::ReplicationSession& session);
  Result<void> TakeFrame(pg::ReplicationSession& session, const pg::ReplicationFrame& frame);
  Result<void> Confirm(pg::ReplicationSession& session);
  void HandOver(const Transaction& transaction);
  void TakeBeat(const std::string& secret);
  void CountBeats();
  Task<void> BeatWhileStreaming();
  Task<Result<void>> BeatOn(pg::Connection& connection);
  Task<Result<void>> PauseBeats(pg::Connection& connection);
  void TakeStandbyNames(std::string_view names);
  Task<void> TellWhatItWaitsFor();
  Result<void> CheckLag() const;

  const net::Executor executor_;
  const ChangeStreamOptions options_;
  ChangeSink& sink_;
  net::TaskGroup tasks_;    // Run()
  net::TaskGroup helpers_;  // of the stream under way
  std::string secret_;      // of this stream's heartbeats
  std::optional<Assembler> assembler_;
  std::deque<Beat> beats_;  // under way, the oldest first
  uint64_t beat_number_ = 0;
  Lsn position_ = 0;  // handed over up to here
  Lsn confirmed_ = 0;
  Clock::time_point confirmed_at_{};
  Clock::time_point beaten_at_{};  // a heartbeat came back, or the stream began
  std::string application_name_;   // as the server knows it
  std::optional<Error> refusal_;   // why it must not go on
  Clock::time_point looked_at_{};  // for that
  Teller teller_;                  // why there is no stream
  Clock::time_point asked_at_{};   // about when
  bool beating_ = false;
  bool stopping_ = false;
  std::atomic<Clock::rep> fresh_at_;
  std::atomic<bool> asked_{false};  // lately
  struct {
    std::atomic<bool> streaming{false};
    std::atomic<uint64_t> transactions{0}, changes{0}, breaks{0}, lag_bytes{0}, bytes_in_memory{0};
    std::atomic<Clock::rep> delay{0};
  } counts_;
};

}  // namespace pando::changes
