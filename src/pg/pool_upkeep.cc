// How a PoolImpl opens, cleans and retires connections.
#include <algorithm>
#include <utility>

#include "net/spawn.h"
#include "pg/pool_impl.h"
#include "pg/write_outcome.h"
#include "telemetry/log.h"

namespace pando::pg {

namespace {

constexpr milliseconds kProbeDelayMin(50);
constexpr milliseconds kProbeDelayMax(1000);
constexpr std::chrono::seconds kCleanTimeout(5);
constexpr milliseconds kReapIntervalMin(10);
constexpr milliseconds kReapIntervalMax(5000);

// The error for callers. A refused login says nothing about their statements, so its SQLSTATE must not stand for the
// answer to one.
Error AwayOf(const Error& error) {
  if (error.kind() != ErrorKind::kDatabase) return error;
  return Error(ErrorId::kDatabaseUnreachable, "the database refuses connections").WithDetail(error.ToString());
}

}  // namespace

// The task holds the pool alive and ends by itself: each of its waits has a deadline.
void PoolImpl::Spawn(std::string_view name, Task<void> task) {
  net::StartTask(executor_, name, std::move(task), {}, [] {});
}

// As many as callers wait, within connections_max.
void PoolImpl::OpenForWaiters() {
  if (away_ || is_shut()) return;
  // An attempt may fail at once, and the callers with it.
  while (opening_ < waiters_to_serve() && taken() < options_.connections_max) {
    ++opening_;
    Spawn("pg.open", OpenOne(shared_from_this()));
  }
}

Task<void> PoolImpl::OpenOne(std::shared_ptr<PoolImpl> self) {
  Result<Pooled> opened = co_await self->Connect();
  --self->opening_;
  if (!opened) {
    self->OnConnectFailed(opened.error());
  } else if (!self->is_shut()) {
    self->Welcome(std::move(*opened));
  }
}

void PoolImpl::Welcome(Pooled opened) {
  ++counters_.open;
  if (opened.connection->in_standby()) {
    standby_seen_at_ = Clock::now();
    FailWriters(ServerIsStandby());
  }
  Offer(std::move(opened));
}

Task<Result<Pooled>> PoolImpl::Connect() {
  const Deadline deadline = Deadline::After(options_.connect_timeout);
  const uint64_t generation = generation_;
  Result<std::unique_ptr<Connection>> connection = co_await Connection::Open(options_.connect, deadline);
  if (!connection) {
    ++counters_.failed;
    co_return connection.error();
  }
  ++counters_.opened;
  co_return Pooled{std::move(*connection), Clock::now(), Clock::now(), generation};
}

// While other connections live, callers go on waiting for those. Without any, nobody could serve them.
void PoolImpl::OnConnectFailed(const Error& error) {
  if (is_shut() || away_) return;
  if (counters_.open.load() > 0 || opening_ > 0) return;
  telemetry::Log(telemetry::Level::kWarn, "database.away",
                 "Pando cannot connect to the database; it refuses requests and tries again",
                 {{"error", error.ToString()}});
  away_ = AwayOf(error);
  FailWaiters(*away_);
  if (probing_) return;
  probing_ = true;
  Spawn("pg.probe", Probe(shared_from_this()));
}

// One attempt at a time, until the database is back.
Task<void> PoolImpl::Probe(std::shared_ptr<PoolImpl> self) {
  for (milliseconds delay = kProbeDelayMin; !self->is_shut(); delay = std::min(2 * delay, kProbeDelayMax)) {
    self->backoff_.expires_after(delay);
    co_await self->backoff_.async_wait(net::deferred_tuple);
    if (self->is_shut()) break;
    ++self->opening_;
    Result<Pooled> opened = co_await self->Connect();
    --self->opening_;
    if (self->is_shut()) break;
    if (!opened) {
      self->away_ = AwayOf(opened.error());
      continue;
    }
    telemetry::Log(telemetry::Level::kInfo, "database.back", "the database accepts connections again");
    self->away_.reset();
    self->Welcome(std::move(*opened));
    break;
  }
  self->probing_ = false;
}

Task<void> PoolImpl::CleanOne(std::shared_ptr<PoolImpl> self, Pooled pooled) {
  const Deadline deadline = Deadline::After(kCleanTimeout);
  const Result<void> cleaned = co_await pooled.connection->Clean(deadline);
  if (cleaned && !self->is_shut() && !self->Outlived(pooled, Clock::now())) {
    self->Offer(std::move(pooled));
  } else {
    self->Drop(std::move(pooled));
    self->OpenForWaiters();
  }
}

void PoolImpl::DropDeadIdle() {
  for (Pooled& pooled : std::exchange(idle_, {})) {
    if (pooled.connection->alive()) {
      idle_.push_back(std::move(pooled));
    } else {
      Drop(std::move(pooled));
    }
  }
}

void PoolImpl::DropIdle() {
  for (Pooled& pooled : std::exchange(idle_, {})) Drop(std::move(pooled));
}

// Runs only while there is something idle to look at.
void PoolImpl::ArmReaper() {
  if (reaper_armed_ || closed_) return;
  milliseconds interval = kReapIntervalMax;
  if (options_.idle_timeout.count() > 0) interval = std::min(interval, options_.idle_timeout / 4);
  if (options_.lifetime_max.count() > 0) interval = std::min(interval, options_.lifetime_max / 4);
  reaper_armed_ = true;
  reaper_.expires_after(std::max(interval, kReapIntervalMin));
  reaper_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const std::shared_ptr<PoolImpl> self = weak.lock();
    if (!error && self) self->Reap();
  });
}

void PoolImpl::Reap() {
  reaper_armed_ = false;
  const Clock::time_point now = Clock::now();
  for (Pooled& pooled : std::exchange(idle_, {})) {
    const bool idle_too_long = options_.idle_timeout.count() > 0 && now - pooled.idle_since >= options_.idle_timeout;
    if (idle_too_long || Outlived(pooled, now) || !pooled.connection->alive()) {
      Drop(std::move(pooled));
    } else {
      idle_.push_back(std::move(pooled));
    }
  }
  if (!idle_.empty()) ArmReaper();
}

}  // namespace pando::pg
