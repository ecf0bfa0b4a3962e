// A Lane runs cheap statements of many callers together. Those that wait at the same moment travel as one exchange with
// one Sync: one system call, one wake-up and one transaction for all of them, on either side; of writes also one flush
// of the log.
//
// Neighbours wait for each other, so a statement that may be slow has no place here: the server stops one after
// options.statement_timeout. A read is answered as soon as its rows are there; writes are once their batch is
// committed. A batch in which one fails takes no effect, and those of its callers who have no answer yet run theirs
// alone, where each gets its own rows or its own error. After batches of writes that failed, writes go alone for a
// while: where many are refused, sharing costs more than it spares.
//
// Concurrency  executor-bound: one Lane per event loop, beside the Pool from which it takes its connections
// Ownership    the Pool outlives the Lane; a batch outlives the callers in it, and so does what it writes
// Bounds       batch_max statements a batch, batches_max batches in flight, waiters_max callers
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/intrusive/list.hpp>

#include "base/deadline.h"
#include "base/known_until.h"
#include "base/result.h"
#include "net/socket.h"
#include "net/spawn.h"
#include "net/task.h"
#include "pg/exchange.h"
#include "pg/pool.h"
#include "pg/rows.h"

namespace pando::pg {

struct LaneOptions {
  uint32_t batch_max = 32;
  // A second batch starts beside the first only when it would be full.
  uint32_t batches_max = 2;
  uint32_t waiters_max = 1000;
  milliseconds statement_timeout = milliseconds(50);
  bool writes = false;  // its statements write: one whose outcome is not known is not run again
};

struct LaneStats {
  uint64_t statements = 0;  // answered
  uint64_t batches = 0;     // sent
  uint64_t failed = 0;      // batches that did not come to their end
  uint64_t stopped = 0;     // of them, those in which a statement was stopped by options.statement_timeout
};

// What runs once at the beginning and once at the end of a batch, for those of it that ask.
struct LaneBracket {
  Command before, after;
};
struct LaneBracketRows {
  Rows before, after;
};

struct LaneStatement {
  // Makes the settings that `command` depends on, for its transaction only; comes right before it.
  std::optional<Command> settings;
  Command command;
  // Not null. Its statement_timeout counts where it is less than options.statement_timeout.
  std::shared_ptr<const SessionState> session;
  // When set, the answer comes when its batch is done, with the bracket's rows. One bracket a batch: whose is another
  // than that of the first who asks goes without.
  std::shared_ptr<const LaneBracket> bracket;
  // What the statement was planned by. When that is not known to hold any more as the batch leaves, the caller runs it
  // alone. Null: it always holds.
  std::shared_ptr<const KnownUntil> valid = nullptr;
  // Of a write: Exchange::runs_deferred.
  bool runs_deferred = false;
  // What a write locks, as a text: a batch runs in the order of these, here and in every other lane.
  std::string locks;
};

struct LaneAnswer {
  LaneAnswer() = default;

  std::optional<Rows> rows;  // nullopt: it has not been run here, for whatever reason, and may be run alone
  std::shared_ptr<const LaneBracketRows> bracket;  // null: none was asked for, or its batch did not come to its end
  bool stopped = false;                            // the reason: it took options.statement_timeout
  Clock::duration part{0};  // of the batch's time up to now, divided by the statements answered by now
};

class Lane {
 public:
  Lane(net::Executor executor, Pool& pool, LaneOptions options);
  // REQUIRES: no caller waits; co_await Close() first.
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // One statement of one caller, who keeps it where he waits. It runs beside those of the same session that wait now
  // and make the same settings, each before its own: so none sees what another made, and what makes none travels only
  // with its like. Writes are committed when they are answered. REQUIRES: `statement.command` leaves no trace on its
  // connection and depends on no setting but the session's and those that `statement.settings` makes, every time the
  // same ones for the same text and by parameters alone. It reads only, or, with options.writes, does nothing that
  // others of its batch would not have seen of each other.
  class Call;

  // The pool was told how commits go (Pool::Note()): writes that wait in line go alone where they would be refused.
  void NoteCommitWait();
  // Breaks the connections of batches in flight. REQUIRES: the pool is closed
  Task<void> Close();

  LaneStats stats() const;  // thread-safe; may be stale on return

 private:
  struct Place : boost::intrusive::list_base_hook<> {};  // of a Call
  using Batch = std::vector<Call*>;                      // null: that caller has gone away

  std::unique_ptr<net::Timer> TakeTimer(Deadline deadline);
  // A write would be refused here, or wait for a standby together with others.
  bool goes_alone() const;
  void StartWorker();
  Task<void> Work();
  Batch TakeBatch();
  static void Sort(Batch& batch);
  Task<void> Run(Batch& batch);
  static void DropOutdated(Batch& batch);
  struct Flight;  // a batch on its way
  Exchange ExchangeOf(Flight& flight, SessionState session);
  void Deliver(Flight& flight, size_t first, std::vector<Rows> rows);
  void DeliverHeld(Flight& flight, std::shared_ptr<const LaneBracketRows> bracket);
  // `failed` is the command that did.
  void Refuse(Flight& flight, const Error& error, size_t failed);

  const net::Executor executor_;
  Pool& pool_;
  const LaneOptions options_;
  boost::intrusive::list<Place> waiting_;  // in order of arrival; on the executor, as everything below
  std::vector<std::unique_ptr<net::Timer>> spare_timers_;
  uint32_t workers_ = 0;
  milliseconds pause_{0};  // of sharing, after the next batch of writes that fails
  Clock::time_point paused_until_{};
  net::TaskGroup tasks_;
  struct {
    std::atomic<uint64_t> statements{0}, batches{0}, failed{0}, stopped{0};
  } counts_;
};

class Lane::Call : Place {
 public:
  // In line from now on.
  Call(Lane& lane, LaneStatement&& wanted, Deadline deadline);
  // Belongs to no lane and is answered already: for tests of code that waits for calls.
  explicit Call(Result<LaneAnswer> outcome) : lane_(nullptr), outcome_(std::move(outcome)) {}
  // Leaves the line, or the batch.
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool done() const { return outcome_.has_value(); }
  // To be awaited, unless done(): until then, or the deadline, or that the coroutine is cancelled. Its result is for
  // Take().
  auto Wait() { return timer_->async_wait(net::deferred_tuple); }
  // Once.
  //   kSqlstate                 the statement was by itself and was refused
  //   kRequestDeadline          the deadline passed first
  //   kRequestCancelled         the coroutine was cancelled
  //   kWriteUnknown             of writes, in place of these two once it was sent; and as Connection::Run()
  Result<LaneAnswer> Take(bool woken);

 private:
  friend Lane;

  bool TravelsWith(const Call& other) const;
  // With a LaneAnswer or an Error.
  template <class Outcome>
  void Settle(Outcome&& result);

  Lane* const lane_;
  LaneStatement statement_;
  std::unique_ptr<net::Timer> timer_;  // expires at the deadline; cancelled to wake the caller. Null: done at once
  Call** slot_ = nullptr;              // in a batch
  bool is_sent_ = false;               // with it
  std::optional<Result<LaneAnswer>> outcome_;
};

// Waits for a call and takes its outcome, for callers that can afford a coroutine.
//   as Lane::Call::Take()
// REQUIRES: `call` lives until then
Task<Result<LaneAnswer>> Await(Lane::Call& call);

}  // namespace pando::pg
