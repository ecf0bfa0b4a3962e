#include "pg/pool_impl.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/assert.h"
#include "telemetry/log.h"

namespace pando::pg {

namespace {

// A connection unused for longer is asked whether the server still holds it, before it is lent.
constexpr std::chrono::seconds kTrustedIdle(1);

// Breaking a connection suspends nobody.
constexpr std::chrono::seconds kBreakGrace(1);

Error Draining() {
  return Error(ErrorId::kDraining, "the server is shutting down, and its database connections are closed");
}

}  // namespace

PoolImpl::PoolImpl(net::Executor executor, PoolOptions options)
    : executor_(executor),
      options_(std::move(options)),
      reaper_(executor),
      backoff_(executor),
      all_back_(executor, Clock::time_point::max()) {
  options_.connect.clean_epoch = clean_epoch_;
}

PoolImpl::Waiter::~Waiter() {
  if (!outcome) Leave();
}

void PoolImpl::Waiter::Leave() {
  pool.waiters_.erase(place);
  --pool.counters_.waiting;
  if (purpose == Purpose::kWrite) --pool.writers_waiting_;
}

// Takes the caller out of the line and wakes it, from the event loop and not from here.
void PoolImpl::Waiter::Settle(Result<Pooled> result) {
  PANDO_ASSERT(!outcome);
  outcome.emplace(std::move(result));
  Leave();
  timer.cancel();
}

Task<Result<Lease>> PoolImpl::Acquire(Deadline deadline, SessionState session, Purpose purpose) {
  if (closed_) co_return Draining();
  if (std::optional<Pooled> idle = TakeIdle(session, purpose)) {
    co_return Lease(shared_from_this(), Mark(std::move(*idle), purpose));
  }
  if (std::optional<Error> refusal = RefuseToQueue(purpose)) co_return *refusal;
  co_return co_await WaitInLine(deadline.Min(Deadline::After(options_.acquire_timeout)), purpose);
}

std::optional<Error> PoolImpl::RefuseToQueue(Purpose purpose) {
  if (away_) return away_;
  if (purpose == Purpose::kWrite) {
    if (std::optional<Error> refusal = RefuseToWrite()) return refusal;
  }
  if (waiters_.size() < options_.waiters_max) return std::nullopt;
  ++counters_.refused;
  return Error(ErrorId::kPoolOverloaded,
               std::to_string(counters_.lent.load()) + " of " + std::to_string(options_.connections_max) +
                   " database connections are busy and " + std::to_string(waiters_.size()) + " requests wait")
      .WithHint("raise database.connections_max, or send fewer requests at a time");
}

Task<Result<Lease>> PoolImpl::WaitInLine(Deadline deadline, Purpose purpose) {
  const std::shared_ptr<PoolImpl> self = shared_from_this();
  Waiter waiter(*this, executor_, deadline, purpose);
  waiter.place = waiters_.insert(waiters_.end(), &waiter);
  ++counters_.waiting;
  if (purpose == Purpose::kWrite) ++writers_waiting_;
  OpenForWaiters();
  boost::system::error_code woken;
  // Connecting may have failed already: on a Unix socket nobody needs to wait to learn that there is none.
  if (!waiter.outcome) std::tie(woken) = co_await waiter.timer.async_wait(net::deferred_tuple);
  if (!waiter.outcome) {
    if (woken)
      co_return Error(ErrorId::kRequestCancelled,
                      "the request was cancelled while it waited for a database connection");
    ++counters_.timeouts;
    co_return Error(ErrorId::kPoolTimeout, "timed out waiting for one of " + std::to_string(options_.connections_max) +
                                               " database connections");
  }
  Result<Pooled>& outcome = *waiter.outcome;
  if (!outcome) co_return outcome.error();
  co_return Lease(self, std::move(*outcome));
}

std::optional<Pooled> PoolImpl::TakeIdle(const SessionState& session, Purpose purpose) {
  const bool writes = purpose == Purpose::kWrite;
  if (writes && !MayWrite()) return std::nullopt;
  const auto is_fit = [&](const Pooled& pooled) { return !writes || !pooled.connection->in_standby(); };
  for (;;) {
    auto match = std::find_if(idle_.rbegin(), idle_.rend(), [&](const Pooled& pooled) {
      return pooled.connection->session() == session && is_fit(pooled);
    });
    if (match == idle_.rend()) match = std::find_if(idle_.rbegin(), idle_.rend(), is_fit);
    if (match == idle_.rend()) return std::nullopt;
    Pooled pooled = std::move(*match);
    idle_.erase(std::next(match).base());
    const Clock::time_point now = Clock::now();
    const bool trusted = now - pooled.idle_since < kTrustedIdle || pooled.connection->alive();
    if (trusted && !Outlived(pooled, now)) return pooled;
    Drop(std::move(pooled));
  }
}

// As lent.
Pooled PoolImpl::Mark(Pooled pooled, Purpose purpose) {
  ++counters_.lent;
  pooled.writes = purpose == Purpose::kWrite;
  if (pooled.writes) ++writing_;
  return pooled;
}

bool PoolImpl::Outlived(const Pooled& pooled, Clock::time_point now) const {
  if (pooled.generation != generation_) return true;
  return options_.lifetime_max.count() > 0 && now - pooled.opened_at >= options_.lifetime_max;
}

void PoolImpl::TakeBack(Pooled pooled, bool discard) {
  --counters_.lent;
  if (std::exchange(pooled.writes, false)) --writing_;
  if (const std::optional<Error> broken_promise = pooled.connection->broken_promise()) GiveUp(*broken_promise);
  const bool broken = !pooled.connection->usable();
  const bool surplus = taken() > options_.connections_max;
  const bool is_no_use = writers_waiting_ > 0 && pooled.connection->in_standby();
  const bool is_old = pooled.connection->is_spent() || Outlived(pooled, Clock::now());
  const bool retire = discard || broken || surplus || is_no_use || is_shut() || is_old;
  if (!retire && pooled.connection->needs_cleaning()) {
    Spawn("pg.clean", CleanOne(shared_from_this(), std::move(pooled)));
  } else if (!retire) {
    Offer(std::move(pooled));
  } else {
    Drop(std::move(pooled));
    // What broke one connection, a restart of the server perhaps, may have broken those that are idle.
    if (broken) DropDeadIdle();
    OpenForWaiters();
  }
  if (writers_waiting_ > 0) OfferIdle();
  WakeCloser();
}

// The caller who waits the longest of those whom it may serve.
PoolImpl::Waiter* PoolImpl::NextWaiterFor(const Connection& connection) const {
  const bool may_write = MayWrite() && !connection.in_standby();
  if (!waiters_.empty() && (may_write || writers_waiting_ == 0)) return waiters_.front();
  const auto reader = std::find_if(waiters_.begin(), waiters_.end(),
                                   [](const Waiter* waiter) { return waiter->purpose == Purpose::kRead; });
  return reader == waiters_.end() ? nullptr : *reader;
}

// To the caller who waits the longest, else to the idle ones.
void PoolImpl::Offer(Pooled pooled) {
  if (Waiter* const waiter = NextWaiterFor(*pooled.connection)) {
    waiter->Settle(Mark(std::move(pooled), waiter->purpose));
    return;
  }
  pooled.idle_since = Clock::now();
  idle_.push_back(std::move(pooled));
  ArmReaper();
}

void PoolImpl::Drop(Pooled pooled) {
  --counters_.open;
  pooled.connection.reset();
}

// To those who wait because too many write.
void PoolImpl::OfferIdle() {
  while (!idle_.empty() && NextWaiterFor(*idle_.back().connection)) {
    Pooled pooled = std::move(idle_.back());
    idle_.pop_back();
    Offer(std::move(pooled));
  }
}

void PoolImpl::FailWaiters(const Error& error) {
  while (!waiters_.empty()) waiters_.front()->Settle(error);
}

void PoolImpl::GiveUp(const Error& error) {
  if (std::exchange(given_up_, true)) return;
  telemetry::Log(
      telemetry::Level::kError, "database.given_up",
      "Pando no longer uses the database, and refuses requests until it is started again with the right options",
      {{"error", error.ToString()}});
  away_ = error;
  FailWaiters(error);
  DropIdle();
}

void PoolImpl::Shut() {
  closed_ = true;
  reaper_.cancel();
  backoff_.cancel();
  FailWaiters(Draining());
  DropIdle();
}

Task<void> PoolImpl::Close(Deadline grace) {
  const std::shared_ptr<PoolImpl> self = shared_from_this();
  Shut();
  if (counters_.lent.load() == 0) co_return;
  all_back_.expires_at(grace.at());
  co_await all_back_.async_wait(net::deferred_tuple);
  if (flights_.empty()) co_return;
  BreakFlights();
  all_back_.expires_after(kBreakGrace);
  co_await all_back_.async_wait(net::deferred_tuple);
}

void PoolImpl::WakeCloser() {
  if (closed_ && counters_.lent.load() == 0) all_back_.cancel();
}

void PoolImpl::Renew() {
  ++generation_;
  DropIdle();
}

void PoolImpl::Resize(uint32_t connections_max) {
  options_.connections_max = connections_max;
  while (!idle_.empty() && taken() > connections_max) {
    Drop(std::move(idle_.front()));
    idle_.erase(idle_.begin());
  }
  OpenForWaiters();
}

PoolStats PoolImpl::stats() const {
  constexpr auto relaxed = std::memory_order_relaxed;
  return PoolStats{counters_.open.load(relaxed),     counters_.lent.load(relaxed),    counters_.waiting.load(relaxed),
                   counters_.timeouts.load(relaxed), counters_.refused.load(relaxed), counters_.opened.load(relaxed),
                   counters_.failed.load(relaxed)};
}

}  // namespace pando::pg
