// A Worker is one thread of the generator: an epoll with its share of the connections and of the schedule. A request
// goes out when it is due and a connection is free; while none is, it waits in the schedule, for requests leave in
// order.
//
// A connection is in one state, and in the list of that state:
//
//     closed --Open--> connecting --connected, handshake done--> idle --send--> busy --answered--> idle
//       ^                   |                                      |              |
//       +---- failed, closed by the peer, timed out, malformed ----+--------------+
//
// Concurrency  single-owner: the thread that calls Run(); counters() is thread-safe
// Ownership    owns its connections; target and workload outlive it
// Bounds       options.connections connections; what is under way ends with options.timeout
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/connection_list.h"
#include "bench/schedule.h"
#include "bench/tally.h"
#include "bench/wire.h"
#include "bench/workload.h"

struct epoll_event;

namespace pando::bench {

struct WorkerOptions {
  uint32_t connections = 1;
  ArrivalStream::Share share;
  Arrivals arrivals = Arrivals::kPoisson;
  int64_t timeout_ns = 0;
  int64_t slo_ns = 0;
};

// For the progress line: written by the worker alone, read by anybody.
struct Counters {
  std::atomic<uint64_t> answered{0}, failed{0};
};

class Worker {
 public:
  Worker(const Target& target, const Workload& workload, WorkerOptions options);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Opens the connections that are closed and waits until all are there or have failed, at most `wait_ns` and less
  // when none comes about. Returns how many are there.
  uint32_t Connect(int64_t wait_ns);

  // Makes room for the accounts of a run, which takes too long for its beginning. REQUIRES: `phases` outlives the run.
  void Prepare(const std::vector<Phase>& phases, uint64_t seed);

  // Runs the prepared schedule from `start_ns` on (of NowNs()), and waits for what is under way when it is over. One
  // Tally a phase. REQUIRES: Prepare() was called, once for each run.
  std::vector<Tally> Run(int64_t start_ns);

  const Counters& counters() const { return counters_; }

 private:
  struct Request {  // the next one of the schedule
    int64_t intended_ns = 0;
    uint32_t phase = 0;
    bool exists = false;
  };

  // Sending.
  void SendDue(int64_t now_ns);
  void Send(Connection& connection, int64_t now_ns);
  void WriteUnsent(Connection& connection);
  void TakeNext();
  void FailNext(int64_t now_ns);
  bool GivesUp(int64_t now_ns) const;
  // Events.
  int64_t Poll(int64_t until_ns);
  void OnEvent(Connection& connection, uint32_t events);
  void OnConnecting(Connection& connection);
  void OnReadable(Connection& connection, bool has_ended);
  void OnBytes(Connection& connection, std::string_view bytes);
  void OnPeerClosed(Connection& connection);
  void Complete(Connection& connection, int64_t now_ns);
  // Life of a connection.
  void Open(Connection& connection, int64_t now_ns);
  void BecomeIdle(Connection& connection, int64_t now_ns);
  void Discard(Connection& connection, int64_t now_ns);
  void FailRequest(Connection& connection, Failure failure, int64_t now_ns);
  void Upkeep(int64_t now_ns);
  // Accounts.
  void CountFailure(uint32_t phase, int64_t intended_ns, Failure failure);
  void CountInSystem(uint32_t phase, int64_t from_ns, int64_t to_ns);
  void CountInFlight(int64_t now_ns, int change);
  void AdvancePhase(int64_t now_ns);
  void FinishSlices();
  // Slices are counted within a phase, or (those below) through all of them.
  size_t SliceOf(uint32_t phase, int64_t at_ns) const;
  Slice& SliceAt(size_t slice);
  int64_t SliceBeginNs(size_t slice) const;

  const Target& target_;
  const WorkerOptions options_;
  const Workload& workload_;
  int epoll_ = -1;
  std::vector<Connection> connections_;
  ConnectionList closed_, connecting_, idle_, busy_;
  std::vector<char> input_;
  std::string output_;
  std::unique_ptr<epoll_event[]> events_;

  // Of the run.
  const std::vector<Phase>* phases_ = nullptr;
  std::vector<int64_t> phase_begins_ns_;  // one more than phases: the end of the last
  std::vector<Tally> tallies_;
  std::vector<int64_t> spanning_;  // by slice: how many more requests lie in the whole of it than in the one before
  std::unique_ptr<ArrivalStream> arrivals_;
  std::unique_ptr<RequestMaker> maker_;
  Request next_;
  uint32_t clock_phase_ = 0;  // the phase that the clock is in
  int64_t start_ns_ = 0;
  int64_t in_flight_since_ns_ = 0;
  int64_t in_flight_ = 0;
  double cpu_at_phase_ = 0;
  Counters counters_;
};

// The clock of schedules and measurements, in nanoseconds.
int64_t NowNs();

}  // namespace pando::bench
