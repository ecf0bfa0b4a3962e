#include "pg/lane.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/socket.h"
#include "pg/write_outcome.h"
#include "pgtypes/sqlstate.h"

namespace pando::pg {

namespace sqlstate = pgtypes::sqlstate;

namespace {

// No batch needs as long: batch_max statements, each stopped by its own timeout.
constexpr std::chrono::seconds kBatchTimeout(5);

constexpr milliseconds kPauseMin(20), kPauseMax(2000);

// Of a statement and not of its connection.
bool IsRefusal(const Error& error) {
  const std::string_view state = error.sqlstate();
  return error.id() == ErrorId::kSqlstate && !state.starts_with("57P") && !state.starts_with("08") && state != "40003";
}

// Stopped for being slow or in the way, which it is not by itself perhaps; or refused by what may be a standby.
bool MayPassAlone(const Error& error) {
  const std::string_view state = error.sqlstate();
  return state == sqlstate::kQueryCanceled || state == sqlstate::kDeadlockDetected ||
         state == sqlstate::kReadOnlyTransaction;
}

}  // namespace

// A caller in line or in a batch, or neither: where no batch may be made he runs alone.
Lane::Call::Call(Lane& lane, LaneStatement&& wanted, Deadline deadline) : lane_(&lane), statement_(std::move(wanted)) {
  const bool paused = lane.options_.writes && Clock::now() < lane.paused_until_;
  if (paused || lane.goes_alone() || lane.waiting_.size() >= lane.options_.waiters_max) {
    outcome_.emplace(LaneAnswer());
    return;
  }
  timer_ = lane.TakeTimer(deadline);
  lane.waiting_.push_back(*this);
  lane.StartWorker();
}

Lane::Call::~Call() {
  if (!timer_) return;
  if (slot_) {
    *slot_ = nullptr;
  } else if (!outcome_) {
    lane_->waiting_.erase(lane_->waiting_.iterator_to(*this));
  }
  lane_->spare_timers_.push_back(std::move(timer_));
}

Result<LaneAnswer> Lane::Call::Take(bool woken) {
  if (outcome_) return std::move(*outcome_);
  if (is_sent_ && lane_->options_.writes) return WriteGoesOn(/*was_cancelled=*/woken);
  if (woken) return Error(ErrorId::kRequestCancelled, "the request was cancelled while it waited for the database");
  return Error(ErrorId::kRequestDeadline, "the time for the request was over before the database answered");
}

bool Lane::Call::TravelsWith(const Call& other) const {
  if (statement_.settings.has_value() != other.statement_.settings.has_value()) return false;
  const bool same_session =
      statement_.session == other.statement_.session || *statement_.session == *other.statement_.session;
  return same_session && (!statement_.settings || statement_.settings->sql == other.statement_.settings->sql);
}

template <class Outcome>
void Lane::Call::Settle(Outcome&& result) {
  slot_ = nullptr;
  outcome_.emplace(std::forward<Outcome>(result));
  timer_->cancel();
}

Lane::Lane(net::Executor executor, Pool& pool, LaneOptions options)
    : executor_(executor), pool_(pool), options_(options), pause_(kPauseMin), tasks_(executor) {}

Lane::~Lane() = default;

Task<Result<LaneAnswer>> Await(Lane::Call& call) {
  bool woken = false;
  if (!call.done()) {
    const auto [failure] = co_await call.Wait();
    woken = bool(failure);
  }
  co_return call.Take(woken);
}

// Making one costs a search for its service, under a lock. There are as many as there were callers at once.
std::unique_ptr<net::Timer> Lane::TakeTimer(Deadline deadline) {
  if (spare_timers_.empty()) return std::make_unique<net::Timer>(executor_, deadline.at());
  std::unique_ptr<net::Timer> timer = std::move(spare_timers_.back());
  spare_timers_.pop_back();
  timer->expires_at(deadline.at());
  return timer;
}

void Lane::StartWorker() {
  const bool full = waiting_.size() >= options_.batch_max;
  if (workers_ >= (full ? options_.batches_max : 1)) return;
  ++workers_;
  tasks_.Spawn("pg.lane", Work());
}

Task<void> Lane::Work() {
  // Behind the handlers that are ready in this turn of the loop, so that their reads come along.
  co_await boost::asio::post(executor_, net::use_task);
  while (!waiting_.empty()) {
    Batch batch = TakeBatch();
    co_await Run(batch);
  }
  --workers_;
}

// The caller who waits the longest, and those who may come along.
Lane::Batch Lane::TakeBatch() {
  Batch batch;
  batch.reserve(std::min<size_t>(options_.batch_max, waiting_.size()));
  const auto& first = static_cast<const Call&>(waiting_.front());
  for (auto it = waiting_.begin(); it != waiting_.end() && batch.size() < batch.capacity();) {
    auto& call = static_cast<Call&>(*it);
    if (!call.TravelsWith(first)) {
      ++it;
      continue;
    }
    it = waiting_.erase(it);
    batch.push_back(&call);
  }
  if (options_.writes) Sort(batch);
  for (Call*& call : batch) call->slot_ = &call;
  return batch;
}

// So that no two batches wait for each other's rows.
void Lane::Sort(Batch& batch) {
  std::stable_sort(batch.begin(), batch.end(),
                   [](const Call* one, const Call* other) { return one->statement_.locks < other->statement_.locks; });
}

// A batch on its way. Its commands are those of the callers in order, `commands_each` of each, of which the last is the
// statement; with a bracket, one more before them and one behind.
struct Lane::Flight {
  explicit Flight(Batch& batch) : batch(batch), held(batch.size()) {}

  size_t offset() const { return bracket ? 1 : 0; }

  Batch& batch;  // outlives the flight, and stays where it is
  size_t commands_each = 1;
  std::shared_ptr<const LaneBracket> bracket;
  Rows bracket_before;
  Rows bracket_after;
  std::vector<std::optional<LaneAnswer>> held;  // until the batch is done, by place
  Clock::time_point begin;
};

Task<void> Lane::Run(Batch& batch) {
  SessionState session = *batch.front()->statement_.session;
  const bool is_less = session.statement_timeout.count() > 0 && session.statement_timeout < options_.statement_timeout;
  if (!is_less) session.statement_timeout = options_.statement_timeout;
  const Deadline deadline = Deadline::After(kBatchTimeout);
  const Purpose purpose = options_.writes ? Purpose::kWrite : Purpose::kRead;
  Result<Lease> lease = co_await pool_.Acquire(deadline, session, purpose);
  DropOutdated(batch);
  std::erase(batch, nullptr);
  if (!lease) {
    for (Call* call : batch) call->Settle(LaneAnswer());
    co_return;
  }
  if (batch.empty()) co_return;
  Flight flight(batch);
  Exchange exchange = ExchangeOf(flight, std::move(session));
  counts_.batches.fetch_add(1, std::memory_order_relaxed);
  flight.begin = Clock::now();
  const OnRows deliver = [&](size_t first, std::vector<Rows> rows) { Deliver(flight, first, std::move(rows)); };
  if (!options_.writes) exchange.on_rows = &deliver;
  // What writes is not stopped: its callers leave by themselves.
  const Deadline end = options_.writes ? Deadline::Never() : deadline;
  Result<std::vector<Rows>> rows = co_await (*lease)->Run(std::move(exchange), end);
  if (!rows) {
    Refuse(flight, rows.error(), (*lease)->failed_command());
    co_return;
  }
  pause_ = kPauseMin;
  if (options_.writes) deliver(0, std::move(*rows));
  if (!flight.bracket) co_return;
  auto bracket = std::make_shared<LaneBracketRows>();
  bracket->before = std::move(flight.bracket_before);
  bracket->after = std::move(flight.bracket_after);
  DeliverHeld(flight, std::move(bracket));
}

// They have waited while the schema changed.
void Lane::DropOutdated(Batch& batch) {
  const Clock::time_point now = Clock::now();
  for (Call*& call : batch) {
    if (call && call->statement_.valid && !call->statement_.valid->Holds(now)) {
      std::exchange(call, nullptr)->Settle(LaneAnswer());
    }
  }
}

// Takes the commands out of the calls.
Exchange Lane::ExchangeOf(Flight& flight, SessionState session) {
  Batch& batch = flight.batch;
  Exchange exchange;
  exchange.session = std::move(session);
  exchange.writes = options_.writes;
  exchange.commands.reserve(batch.size() * 2 + 2);
  const auto asking =
      std::find_if(batch.begin(), batch.end(), [](const Call* call) { return call->statement_.bracket != nullptr; });
  if (asking != batch.end()) flight.bracket = (*asking)->statement_.bracket;
  if (flight.bracket) exchange.commands.push_back(flight.bracket->before);
  for (Call*& call : batch) {
    call->slot_ = &call;
    call->is_sent_ = true;
    LaneStatement& statement = call->statement_;
    exchange.runs_deferred |= statement.runs_deferred;
    if (statement.settings) exchange.commands.push_back(std::move(*statement.settings));
    exchange.commands.push_back(std::move(statement.command));
  }
  // Of each: all have as many.
  flight.commands_each = (exchange.commands.size() - flight.offset()) / batch.size();
  if (flight.bracket) exchange.commands.push_back(flight.bracket->after);
  return exchange;
}

// The rows of the commands from `first` on.
void Lane::Deliver(Flight& flight, size_t first, std::vector<Rows> rows) {
  const size_t behind = flight.offset() + flight.batch.size() * flight.commands_each;
  const size_t end = std::min(first + rows.size(), behind);
  const size_t answered = end > flight.offset() ? (end - flight.offset()) / flight.commands_each : 0;
  const Clock::duration took = Clock::now() - flight.begin;
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t command = first + i;
    if (command < flight.offset()) {
      flight.bracket_before = std::move(rows[i]);
      continue;
    }
    if (command >= behind) {
      flight.bracket_after = std::move(rows[i]);
      continue;
    }
    const size_t place = (command - flight.offset()) / flight.commands_each;
    const bool is_statement = (command - flight.offset()) % flight.commands_each == flight.commands_each - 1;
    Call*& call = flight.batch[place];
    if (!is_statement || !call) continue;
    LaneAnswer answer;
    answer.rows = std::move(rows[i]);
    answer.part = took / static_cast<int64_t>(answered);
    if (flight.bracket && call->statement_.bracket == flight.bracket) {
      flight.held[place] = std::move(answer);
      continue;
    }
    counts_.statements.fetch_add(1, std::memory_order_relaxed);
    std::exchange(call, nullptr)->Settle(std::move(answer));
  }
}

void Lane::DeliverHeld(Flight& flight, std::shared_ptr<const LaneBracketRows> bracket) {
  for (size_t place = 0; place < flight.held.size(); ++place) {
    if (!flight.held[place] || !flight.batch[place]) continue;
    counts_.statements.fetch_add(1, std::memory_order_relaxed);
    flight.held[place]->bracket = bracket;
    std::exchange(flight.batch[place], nullptr)->Settle(std::move(*flight.held[place]));
  }
}

void Lane::Refuse(Flight& flight, const Error& error, size_t failed) {
  // What was read is no less true.
  DeliverHeld(flight, nullptr);
  Batch& batch = flight.batch;
  counts_.failed.fetch_add(1, std::memory_order_relaxed);
  const bool stopped = error.sqlstate() == sqlstate::kQueryCanceled;
  if (stopped) counts_.stopped.fetch_add(1, std::memory_order_relaxed);
  const bool undone = error.id() != ErrorId::kWriteUnknown;
  const bool is_its_own = IsRefusal(error) && batch.size() == 1 && !flight.bracket && !MayPassAlone(error);
  if (options_.writes && undone && batch.size() > 1) {
    paused_until_ = Clock::now() + pause_;
    pause_ = std::min(pause_ * 2, kPauseMax);
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i]) continue;
    if (is_its_own || (options_.writes && !undone)) {
      batch[i]->Settle(error);
      continue;
    }
    const size_t begin = flight.offset() + i * flight.commands_each;
    LaneAnswer answer;
    answer.stopped = stopped && failed >= begin && failed < begin + flight.commands_each;
    batch[i]->Settle(std::move(answer));
  }
}

LaneStats Lane::stats() const {
  const auto read = [](const std::atomic<uint64_t>& count) { return count.load(std::memory_order_relaxed); };
  return {read(counts_.statements), read(counts_.batches), read(counts_.failed), read(counts_.stopped)};
}

bool Lane::goes_alone() const { return options_.writes && pool_.commit_wait().is_long; }

void Lane::NoteCommitWait() {
  if (!goes_alone()) return;
  while (!waiting_.empty()) {
    auto& call = static_cast<Call&>(waiting_.front());
    waiting_.pop_front();
    call.Settle(LaneAnswer());
  }
}

Task<void> Lane::Close() {
  tasks_.Cancel();
  co_await tasks_.Join();
}

}  // namespace pando::pg
