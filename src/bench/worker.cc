#include "bench/worker.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

namespace pando::bench {
namespace {

constexpr int kEventsMax = 256;
constexpr size_t kInputBytes = 64 * 1024;
// So many at once, for the listener's queue of the other side is bounded.
constexpr uint32_t kConnectingMax = 100;
// Where nobody has let us in by then, nobody will.
constexpr int64_t kFirstConnectionNs = 3'000'000'000;
constexpr int64_t kConnectTimeoutNs = 5'000'000'000;
// A connection that failed is not tried again before.
constexpr int64_t kRetryNs = 100'000'000;
constexpr int64_t kUpkeepNs = 10'000'000;
// How long the backlog may still be sent when the schedule is over.
constexpr int64_t kDrainNs = 1'000'000'000;
// A request of a phase that abandons its backlog does not wait longer for a connection.
constexpr int64_t kPatienceNs = 1'000'000'000;
constexpr int64_t kNever = INT64_MAX;

// Of a counter that one thread writes: without the locked instruction that several would need.
void Increment(std::atomic<uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

double ThreadCpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

int64_t NowNs() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

Worker::Worker(const Target& target, const Workload& workload, WorkerOptions options)
    : target_(target),
      options_(options),
      workload_(workload),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      connections_(options.connections),
      input_(kInputBytes),
      events_(std::make_unique<epoll_event[]>(kEventsMax)) {
  PANDO_ASSERT(epoll_ >= 0);
  // A retry is due at once.
  for (Connection& connection : connections_) closed_.Take(connection, -kRetryNs);
}

Worker::~Worker() { close(epoll_); }

uint32_t Worker::Connect(int64_t wait_ns) {
  const int64_t begin_ns = NowNs();
  const int64_t end_ns = begin_ns + wait_ns;
  for (Connection& connection : connections_) {
    if (!connection.wire.is_open()) closed_.Take(connection, -kRetryNs);
  }
  Upkeep(NowNs());
  int64_t now_ns = NowNs();
  while (now_ns < end_ns && idle_.size() < connections_.size()) {
    now_ns = Poll(std::min(end_ns, now_ns + kUpkeepNs));
    Upkeep(now_ns);
    if (idle_.empty() && now_ns - begin_ns > kFirstConnectionNs) break;
  }
  return idle_.size();
}

void Worker::Prepare(const std::vector<Phase>& phases, uint64_t seed) {
  phases_ = &phases;
  tallies_.assign(phases.size(), Tally(workload_.kinds().size()));
  spanning_.assign(phases.size() * Tally::kSlices, 0);
  arrivals_ = std::make_unique<ArrivalStream>(phases, options_.arrivals, seed, options_.share);
  maker_ = std::make_unique<RequestMaker>(workload_, ~seed, options_.share.index, options_.share.count);
}

std::vector<Tally> Worker::Run(int64_t start_ns) {
  PANDO_ASSERT(arrivals_ != nullptr);
  // The kernel may otherwise put timers together that lie within 50 µs.
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  start_ns_ = start_ns;
  phase_begins_ns_.assign(1, start_ns);
  for (const Phase& phase : *phases_) phase_begins_ns_.push_back(phase_begins_ns_.back() + phase.duration.count());
  clock_phase_ = 0;
  in_flight_since_ns_ = start_ns;
  cpu_at_phase_ = ThreadCpuSeconds();
  TakeNext();

  const int64_t drained_ns = phase_begins_ns_.back() + kDrainNs;
  int64_t upkeep_ns = 0;
  int64_t now_ns = NowNs();
  while (next_.exists || !busy_.empty() || now_ns < phase_begins_ns_.back()) {
    SendDue(now_ns);
    while (now_ns >= drained_ns && next_.exists) FailNext(now_ns);
    if (now_ns >= upkeep_ns) {
      Upkeep(now_ns);
      upkeep_ns = now_ns + kUpkeepNs;
    }
    const bool can_send = next_.exists && !idle_.empty();
    now_ns = Poll(std::min(can_send ? next_.intended_ns : kNever, upkeep_ns));
    AdvancePhase(now_ns);
  }
  FinishSlices();
  return std::move(tallies_);
}

// ------------------------------------------------------------------------------------------------------- sending

void Worker::TakeNext() {
  const int64_t at_ns = arrivals_->Next();
  next_.exists = at_ns != ArrivalStream::kEnd;
  if (!next_.exists) return;
  next_.intended_ns = start_ns_ + at_ns;
  next_.phase = arrivals_->phase();
}

void Worker::SendDue(int64_t now_ns) {
  while (next_.exists && next_.intended_ns <= now_ns) {
    if (GivesUp(now_ns)) {
      FailNext(now_ns);
      continue;
    }
    if (idle_.empty()) return;
    Send(*idle_.front(), now_ns);
    TakeNext();
    now_ns = NowNs();
  }
}

bool Worker::GivesUp(int64_t now_ns) const {
  if (!(*phases_)[next_.phase].abandons_backlog) return false;
  return now_ns - next_.intended_ns > kPatienceNs || now_ns >= phase_begins_ns_[next_.phase + 1];
}

void Worker::FailNext(int64_t now_ns) {
  CountFailure(next_.phase, next_.intended_ns, Failure::kUnsent);
  CountInSystem(next_.phase, next_.intended_ns, now_ns);
  TakeNext();
}

void Worker::Send(Connection& connection, int64_t now_ns) {
  connection.intended_ns = next_.intended_ns;
  connection.phase = next_.phase;
  Tally& tally = tallies_[next_.phase];
  // The connection that has been free the longest is used, so this is when any was.
  tally.lag.Record(now_ns - std::max(next_.intended_ns, connection.since_ns));
  connection.kind = maker_->Make(output_);
  connection.reader.Begin(workload_.kinds()[connection.kind].is_head);
  busy_.Take(connection, now_ns);
  CountInFlight(now_ns, 1);
  const Wire::Transfer sent = connection.wire.Write(output_);
  if (sent.status == Wire::Status::kClosed) {
    FailRequest(connection, Failure::kConnection, now_ns);
  } else if (sent.bytes < output_.size()) {
    connection.unsent.assign(output_, sent.bytes);
    WriteUnsent(connection);
  }
}

void Worker::WriteUnsent(Connection& connection) {
  while (!connection.unsent.empty()) {
    const Wire::Transfer sent = connection.wire.Write(connection.unsent);
    if (sent.status == Wire::Status::kClosed) FailRequest(connection, Failure::kConnection, NowNs());
    if (sent.status != Wire::Status::kDone) return;
    connection.unsent.erase(0, sent.bytes);
  }
}

// -------------------------------------------------------------------------------------------------------- events

int64_t Worker::Poll(int64_t until_ns) {
  const int64_t wait_ns = std::max<int64_t>(until_ns - NowNs(), 0);
  const timespec timeout{.tv_sec = wait_ns / 1'000'000'000, .tv_nsec = wait_ns % 1'000'000'000};
  const int count = epoll_pwait2(epoll_, events_.get(), kEventsMax, &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    OnEvent(*static_cast<Connection*>(events_[static_cast<size_t>(i)].data.ptr),
            events_[static_cast<size_t>(i)].events);
  }
  return NowNs();
}

void Worker::OnEvent(Connection& connection, uint32_t events) {
  if (connection.list == &connecting_) return OnConnecting(connection);
  if (connection.list == &closed_) return;
  if ((events & EPOLLOUT) != 0 && !connection.unsent.empty()) WriteUnsent(connection);
  const bool has_ended = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if (has_ended || (events & EPOLLIN) != 0) OnReadable(connection, has_ended);
}

void Worker::OnConnecting(Connection& connection) {
  const Wire::Status status = connection.wire.Connect(target_);
  if (status == Wire::Status::kDone) BecomeIdle(connection, NowNs());
  if (status == Wire::Status::kClosed) Discard(connection, NowNs());
}

void Worker::OnReadable(Connection& connection, bool has_ended) {
  // A connection that replaces this one begins in connecting_.
  while (connection.list == &busy_ || connection.list == &idle_) {
    const Wire::Transfer read = connection.wire.Read(input_.data(), input_.size());
    if (read.status == Wire::Status::kAgain) return;
    if (read.status == Wire::Status::kClosed) return OnPeerClosed(connection);
    OnBytes(connection, std::string_view(input_.data(), read.bytes));
    const bool is_empty = connection.wire.short_read_empties() && read.bytes < input_.size();
    if (is_empty && !has_ended) return;
  }
}

void Worker::OnBytes(Connection& connection, std::string_view bytes) {
  const int64_t now_ns = NowNs();
  // Bytes that nobody asked for: no answer on this connection could be told from them.
  if (connection.list != &busy_) return Discard(connection, now_ns);
  if (clock_phase_ < tallies_.size()) tallies_[clock_phase_].bytes_received += bytes.size();
  switch (connection.reader.Feed(bytes)) {
    case ResponseReader::Outcome::kMore:
      return;
    case ResponseReader::Outcome::kMalformed:
      return FailRequest(connection, Failure::kMalformed, now_ns);
    case ResponseReader::Outcome::kDone:
      break;
  }
  Complete(connection, now_ns);
  if (connection.reader.keeps_alive() && bytes.empty() && connection.unsent.empty()) {
    BecomeIdle(connection, now_ns);
  } else {
    Discard(connection, now_ns);
  }
  SendDue(now_ns);
}

void Worker::OnPeerClosed(Connection& connection) {
  const int64_t now_ns = NowNs();
  if (connection.list != &busy_) return Discard(connection, now_ns);
  if (connection.reader.Close() == ResponseReader::Outcome::kDone) {
    Complete(connection, now_ns);
    Discard(connection, now_ns);
  } else {
    FailRequest(connection, Failure::kConnection, now_ns);
  }
}

void Worker::Complete(Connection& connection, int64_t now_ns) {
  CountInFlight(now_ns, -1);
  const int64_t response_ns = now_ns - connection.intended_ns;
  const int64_t service_ns = now_ns - connection.since_ns;
  const bool expected = workload_.kinds()[connection.kind].Expects(connection.reader.status());
  Tally& tally = tallies_[connection.phase];
  tally.service.Record(service_ns);
  CountInSystem(connection.phase, connection.intended_ns, now_ns);
  if (expected) {
    ++tally.due;
    tally.response.Record(response_ns);
    tally.kinds[connection.kind].response.Record(response_ns);
    Slice& slice = tally.slices[SliceOf(connection.phase, connection.intended_ns)];
    ++slice.due;
    if (response_ns <= options_.slo_ns) ++slice.within_slo;
    Increment(counters_.answered);
  } else {
    ++tally.kinds[connection.kind].failed;
    CountFailure(connection.phase, connection.intended_ns, Failure::kStatus);
  }
  AdvancePhase(now_ns);
  if (clock_phase_ == tallies_.size()) return;
  Tally& clock = tallies_[clock_phase_];
  ++clock.completed;
  clock.answered += expected ? 1 : 0;
  clock.service_ns += static_cast<double>(service_ns);
}

// ------------------------------------------------------------------------------------------- life of a connection

void Worker::Open(Connection& connection, int64_t now_ns) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &connection;
  const bool opened =
      connection.wire.Open(target_) && epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.wire.descriptor(), &event) == 0;
  if (!opened) return Discard(connection, now_ns);
  connecting_.Take(connection, now_ns);
}

void Worker::BecomeIdle(Connection& connection, int64_t now_ns) { idle_.Take(connection, now_ns); }

void Worker::Discard(Connection& connection, int64_t now_ns) {
  // One that was in use is replaced at once, one that could not be made is not tried again in a tight loop.
  const bool had_worked = connection.list == &busy_ || connection.list == &idle_;
  connection.wire.Close();
  connection.unsent.clear();
  closed_.Take(connection, had_worked ? now_ns - kRetryNs : now_ns);
  if (had_worked) Open(connection, now_ns);
}

void Worker::FailRequest(Connection& connection, Failure failure, int64_t now_ns) {
  CountInFlight(now_ns, -1);
  ++tallies_[connection.phase].kinds[connection.kind].failed;
  CountFailure(connection.phase, connection.intended_ns, failure);
  CountInSystem(connection.phase, connection.intended_ns, now_ns);
  Discard(connection, now_ns);
}

void Worker::Upkeep(int64_t now_ns) {
  while (!busy_.empty() && now_ns - busy_.front()->since_ns > options_.timeout_ns) {
    FailRequest(*busy_.front(), Failure::kTimeout, now_ns);
  }
  while (!connecting_.empty() && now_ns - connecting_.front()->since_ns > kConnectTimeoutNs) {
    Discard(*connecting_.front(), now_ns);
  }
  while (!closed_.empty() && connecting_.size() < kConnectingMax && now_ns - closed_.front()->since_ns >= kRetryNs) {
    Open(*closed_.front(), now_ns);
  }
}

// ------------------------------------------------------------------------------------------------------ accounts

void Worker::CountFailure(uint32_t phase, int64_t intended_ns, Failure failure) {
  Tally& tally = tallies_[phase];
  ++tally.due;
  ++tally.failures[static_cast<size_t>(failure)];
  ++tally.slices[SliceOf(phase, intended_ns)].due;
  Increment(counters_.failed);
}

size_t Worker::SliceOf(uint32_t phase, int64_t at_ns) const {
  const int64_t passed_ns = std::max<int64_t>(at_ns - phase_begins_ns_[phase], 0);
  const auto slice =
      static_cast<size_t>(passed_ns * static_cast<int64_t>(Tally::kSlices) / (*phases_)[phase].duration.count());
  return std::min(slice, Tally::kSlices - 1);
}

// Adds the time from the intended instant to the end of a request to the slices that it lay in, of whatever phases: to
// the first and the last one what falls into them, and to those between in FinishSlices(), all at once.
void Worker::CountInSystem(uint32_t phase, int64_t from_ns, int64_t to_ns) {
  to_ns = std::min(to_ns, phase_begins_ns_.back());
  if (to_ns <= from_ns) return;
  uint32_t last_phase = phase;
  while (to_ns > phase_begins_ns_[last_phase + 1]) ++last_phase;
  const size_t first = phase * Tally::kSlices + SliceOf(phase, from_ns);
  const size_t last = last_phase * Tally::kSlices + SliceOf(last_phase, to_ns);
  if (first == last) {
    SliceAt(first).in_system_ns += static_cast<double>(to_ns - from_ns);
    return;
  }
  SliceAt(first).in_system_ns += static_cast<double>(SliceBeginNs(first + 1) - from_ns);
  SliceAt(last).in_system_ns += static_cast<double>(to_ns - SliceBeginNs(last));
  ++spanning_[first + 1];
  --spanning_[last];
}

void Worker::FinishSlices() {
  int64_t count = 0;
  for (size_t slice = 0; slice < spanning_.size(); ++slice) {
    count += spanning_[slice];
    SliceAt(slice).in_system_ns += static_cast<double>(count * (SliceBeginNs(slice + 1) - SliceBeginNs(slice)));
  }
}

Slice& Worker::SliceAt(size_t slice) { return tallies_[slice / Tally::kSlices].slices[slice % Tally::kSlices]; }

int64_t Worker::SliceBeginNs(size_t slice) const {
  const size_t phase = slice / Tally::kSlices;
  if (phase == phases_->size()) return phase_begins_ns_.back();
  const auto of_phase = static_cast<int64_t>(slice % Tally::kSlices);
  return phase_begins_ns_[phase] + (*phases_)[phase].duration.count() * of_phase / static_cast<int64_t>(Tally::kSlices);
}

void Worker::CountInFlight(int64_t now_ns, int change) {
  AdvancePhase(now_ns);
  if (clock_phase_ < tallies_.size()) {
    tallies_[clock_phase_].in_flight_ns += static_cast<double>(in_flight_ * (now_ns - in_flight_since_ns_));
  }
  in_flight_since_ns_ = now_ns;
  in_flight_ += change;
}

// Closes the accounts of each phase that the clock has left.
void Worker::AdvancePhase(int64_t now_ns) {
  while (clock_phase_ < tallies_.size() && now_ns >= phase_begins_ns_[clock_phase_ + 1]) {
    const int64_t end_ns = phase_begins_ns_[clock_phase_ + 1];
    Tally& tally = tallies_[clock_phase_];
    tally.in_flight_ns += static_cast<double>(in_flight_ * (end_ns - in_flight_since_ns_));
    in_flight_since_ns_ = end_ns;
    const double cpu = ThreadCpuSeconds();
    tally.cpu_seconds = cpu - cpu_at_phase_;
    tally.cpu_share_max = tally.cpu_seconds * 1e9 / static_cast<double>((*phases_)[clock_phase_].duration.count());
    cpu_at_phase_ = cpu;
    ++clock_phase_;
  }
}

}  // namespace pando::bench
