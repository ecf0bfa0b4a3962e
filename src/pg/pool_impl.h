// The inside of a Pool, kept alive by its leases and by the tasks that open and clean connections.
//
// Where a connection is: opening -> idle <-> lent -> (cleaning ->) idle, and closed from everywhere. A connection that
// becomes free goes to the caller who waits the longest; only when nobody waits does it become idle. So nobody waits
// while a connection is idle.
//
// Internal to pg/.
#pragma once

#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "pg/pool.h"

namespace pando::pg {

class PoolImpl : public std::enable_shared_from_this<PoolImpl> {
 public:
  PoolImpl(net::Executor executor, PoolOptions options);

  Task<Result<Lease>> Acquire(Deadline deadline, SessionState session, Purpose purpose);
  Task<Result<std::vector<Rows>>> Finish(Lease& lease, Exchange exchange, Deadline deadline);
  Task<Result<void>> Commit(Lease& lease, Deadline deadline);
  void Note(CommitWait wait);
  CommitWait commit_wait() const { return commit_wait_; }
  Task<void> Close(Deadline grace);
  void Renew();
  void Resize(uint32_t connections_max);
  void GiveUp(const Error& error);
  void CleanAll() { ++*clean_epoch_; }
  PoolStats stats() const;

  // Lends no more and lets nobody wait; what is lent is closed as it comes back.
  void Shut();
  void TakeBack(Pooled pooled, bool discard);

 private:
  using Timer = boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, net::Executor>;

  // A caller in line. Lives in the frame of Acquire(), which takes it out of the line when it goes away by itself.
  struct Waiter {
    Waiter(PoolImpl& pool, net::Executor executor, Deadline deadline, Purpose purpose)
        : pool(pool), purpose(purpose), timer(executor, deadline.at()) {}
    ~Waiter();
    void Settle(Result<Pooled> result);

    void Leave();

    PoolImpl& pool;
    const Purpose purpose;
    Timer timer;  // expires at the deadline; cancelled to wake the caller
    std::optional<Result<Pooled>> outcome;
    std::list<Waiter*>::iterator place;
  };

  struct Counters {
    std::atomic<uint32_t> open{0};
    std::atomic<uint32_t> lent{0};
    std::atomic<uint32_t> waiting{0};
    std::atomic<uint64_t> timeouts{0};
    std::atomic<uint64_t> refused{0};
    std::atomic<uint64_t> opened{0};
    std::atomic<uint64_t> failed{0};
  };

  // pool_impl.cc: lending and taking back
  std::optional<Error> RefuseToQueue(Purpose purpose);
  std::optional<Pooled> TakeIdle(const SessionState& session, Purpose purpose);
  Task<Result<Lease>> WaitInLine(Deadline deadline, Purpose purpose);
  Pooled Mark(Pooled pooled, Purpose purpose);
  Waiter* NextWaiterFor(const Connection& connection) const;
  void OfferIdle();
  void Offer(Pooled pooled);
  void Drop(Pooled pooled);
  bool Outlived(const Pooled& pooled, Clock::time_point now) const;
  void FailWaiters(const Error& error);
  void FailWriters(const Error& error);
  void WakeCloser();

  // pool_writes.cc: what may write, and goes on when its caller leaves
  uint32_t writers_max() const;
  bool MayWrite() const { return writing_ < writers_max(); }
  size_t waiters_to_serve() const;
  std::optional<Error> RefuseToWrite();
  template <class T>
  struct Flight;
  template <class T>
  using Work = std::function<Task<Result<T>>(Connection&)>;
  template <class T>
  Task<Result<T>> Fly(Lease& lease, Work<T> work, Deadline deadline);
  template <class T>
  static Task<void> Land(std::shared_ptr<Flight<T>> flight, Work<T> work);
  void StartFlight(Task<void> task);
  void BreakFlights();

  // pool_upkeep.cc: opening, cleaning and retiring
  void Spawn(std::string_view name, Task<void> task);
  void OpenForWaiters();
  static Task<void> OpenOne(std::shared_ptr<PoolImpl> self);
  static Task<void> Probe(std::shared_ptr<PoolImpl> self);
  void Welcome(Pooled opened);
  Task<Result<Pooled>> Connect();
  void OnConnectFailed(const Error& error);
  static Task<void> CleanOne(std::shared_ptr<PoolImpl> self, Pooled pooled);
  void DropDeadIdle();
  void DropIdle();
  void ArmReaper();
  void Reap();

  // Nothing is lent any more.
  bool is_shut() const { return closed_ || given_up_; }
  // Connections that exist or are being opened.
  uint32_t taken() const { return counters_.open.load(std::memory_order_relaxed) + opening_; }

  const net::Executor executor_;
  const std::shared_ptr<uint64_t> clean_epoch_ = std::make_shared<uint64_t>(0);  // of all its connections
  PoolOptions options_;                                                          // on the executor, as everything below
  std::vector<Pooled> idle_;                                                     // the most recently used last
  std::list<Waiter*> waiters_;                                                   // in order of arrival
  uint32_t writers_waiting_ = 0;                                                 // of them
  uint32_t writing_ = 0;                                                         // connections lent to write
  CommitWait commit_wait_;
  Clock::time_point standby_seen_at_{};                  // by a connection that was opened
  std::list<boost::asio::cancellation_signal> flights_;  // that stop what Fly() has begun
  uint32_t opening_ = 0;
  uint64_t generation_ = 0;
  bool closed_ = false;
  std::optional<Error> away_;  // set: no connection is open and the last attempt ended so
  bool given_up_ = false;      // `away_` stays
  bool probing_ = false;
  Timer reaper_;
  bool reaper_armed_ = false;
  Timer backoff_;      // between two probes
  Timer all_back_;     // never expires; cancelled when the last lease is back after Close()
  Counters counters_;  // thread-safe to read
};

}  // namespace pando::pg
