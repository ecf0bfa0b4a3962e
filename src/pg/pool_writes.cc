// How a PoolImpl lends to what may write, and sees it to its end.
#include <algorithm>
#include <utility>

#include "net/event.h"
#include "net/spawn.h"
#include "pg/pool_impl.h"
#include "pg/write_outcome.h"
#include "telemetry/log.h"

namespace pando::pg {

namespace {

// How long after a connection that led to a standby no other one is opened to find the primary.
constexpr std::chrono::seconds kSeekInterval(1);

Error StandbyAwaited() {
  return Error(ErrorId::kStandbyAwaited,
               "nothing was written, because commits wait for a synchronous standby of the database")
      .WithHint("check that the standbys in synchronous_standby_names are connected");
}

void LogEnd(const std::optional<Error>& error) {
  const char* const outcome = !error ? "done" : error->id() == ErrorId::kWriteUnknown ? "unknown" : "not done";
  telemetry::Log(telemetry::Level::kWarn, "database.write_ended",
                 "a write ended after its client had left, or had been answered that the outcome is not known",
                 {{"outcome", outcome}, {"error", error ? error->ToString() : ""}});
}

}  // namespace

// Work on a connection that is not stopped, and who waits for it.
template <class T>
struct PoolImpl::Flight {
  explicit Flight(Lease lease) : lease(std::move(lease)) {}

  Lease lease;
  std::optional<Result<T>> result;
  net::Event landed;
  bool is_abandoned = false;  // who waited was told that the outcome is not known
};

uint32_t PoolImpl::writers_max() const {
  return commit_wait_.for_standby ? std::max(1u, options_.connections_max / 2) : options_.connections_max;
}

// Who could use another connection.
size_t PoolImpl::waiters_to_serve() const {
  const uint32_t places = MayWrite() ? writers_max() - writing_ : 0;
  return waiters_.size() - writers_waiting_ + std::min(writers_waiting_, places);
}

// None is idle that could be lent to write.
std::optional<Error> PoolImpl::RefuseToWrite() {
  if (!MayWrite()) {
    if (commit_wait_.is_long) return StandbyAwaited();
    return std::nullopt;
  }
  if (Clock::now() - standby_seen_at_ < kSeekInterval) return ServerIsStandby();
  // What is idle are standbys: another connection may lead to the primary.
  DropIdle();
  return std::nullopt;
}

void PoolImpl::Note(CommitWait wait) {
  if (wait == commit_wait_) return;
  commit_wait_ = wait;
  if (wait.is_long && !MayWrite()) FailWriters(StandbyAwaited());
  OfferIdle();
  OpenForWaiters();
}

void PoolImpl::FailWriters(const Error& error) {
  for (auto place = waiters_.begin(); place != waiters_.end();) {
    Waiter* const waiter = *place++;
    if (waiter->purpose == Purpose::kWrite) waiter->Settle(error);
  }
}

Task<Result<std::vector<Rows>>> PoolImpl::Finish(Lease& lease, Exchange exchange, Deadline deadline) {
  return Fly<std::vector<Rows>>(
      lease,
      [held = std::move(exchange)](Connection& connection) mutable {
        return connection.Run(std::move(held), Deadline::Never());
      },
      deadline);
}

Task<Result<void>> PoolImpl::Commit(Lease& lease, Deadline deadline) {
  return Fly<void>(
      lease, [](Connection& connection) { return connection.End(true, Deadline::Never()); }, deadline);
}

template <class T>
Task<Result<T>> PoolImpl::Fly(Lease& lease, Work<T> work, Deadline deadline) {
  auto flight = std::make_shared<Flight<T>>(std::move(lease));
  StartFlight(Land<T>(flight, std::move(work)));
  const Result<void> landed = co_await flight->landed.Wait(deadline);
  if (!flight->result) {
    flight->is_abandoned = true;
    co_return WriteGoesOn(landed.error().id() == ErrorId::kRequestCancelled);
  }
  lease = std::move(flight->lease);
  co_return std::move(*flight->result);
}

template <class T>
Task<void> PoolImpl::Land(std::shared_ptr<Flight<T>> flight, Work<T> work) {
  Result<T> result = co_await work(*flight->lease);
  if (flight->is_abandoned) LogEnd(result ? std::nullopt : std::optional<Error>(result.error()));
  flight->result = std::move(result);
  flight->landed.Set();
}

void PoolImpl::StartFlight(Task<void> task) {
  auto signal = flights_.emplace(flights_.end());
  net::StartTask(executor_, "pg.write", std::move(task), signal->slot(),
                 [self = shared_from_this(), signal] { self->flights_.erase(signal); });
}

// Their connections: what is sent is not stopped.
void PoolImpl::BreakFlights() {
  for (auto& signal : flights_) signal.emit(boost::asio::cancellation_type::terminal);
}

}  // namespace pando::pg
