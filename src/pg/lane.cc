#include "pg/lane.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/socket.h"

namespace pando::pg {

namespace {

// No batch needs as long: batch_max statements, each stopped by its own timeout.
constexpr std::chrono::seconds kBatchTimeout(5);

}  // namespace

// A caller in line or in a batch. Lives in the frame of Read(), which takes it out when the caller goes away.
struct Lane::Waiter {
  Waiter(Lane& lane, LaneRead read, Deadline deadline)
      : lane(lane),
        read(std::move(read)),
        timer(lane.executor_, deadline.at()),
        place(lane.waiting_.insert(lane.waiting_.end(), this)) {}
  ~Waiter() {
    if (slot) {
      *slot = nullptr;
    } else if (!outcome) {
      lane.waiting_.erase(place);
    }
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  bool TravelsWith(const Waiter& other) const {
    if (read.settings.has_value() != other.read.settings.has_value()) return false;
    return read.session == other.read.session && (!read.settings || read.settings->sql == other.read.settings->sql);
  }

  void Settle(std::optional<Rows> rows) {
    slot = nullptr;
    outcome.emplace(std::move(rows));
    timer.cancel();
  }

  Lane& lane;
  LaneRead read;
  net::Timer timer;  // expires at the deadline; cancelled to wake the caller
  std::list<Waiter*>::iterator place;
  Waiter** slot = nullptr;  // in a batch
  std::optional<std::optional<Rows>> outcome;
};

Lane::Lane(net::Executor executor, Pool& pool, LaneOptions options)
    : executor_(executor), pool_(pool), options_(options), tasks_(executor) {}

Lane::~Lane() = default;

Task<Result<std::optional<Rows>>> Lane::Read(LaneRead read, Deadline deadline) {
  if (waiting_.size() >= options_.waiters_max) co_return std::optional<Rows>();
  Waiter waiter(*this, std::move(read), deadline);
  StartWorker();
  const auto [woken] = co_await waiter.timer.async_wait(net::use_task_tuple);
  if (waiter.outcome) co_return std::move(*waiter.outcome);
  if (woken) co_return Error(ErrorId::kRequestCancelled, "cancelled while waiting for the database");
  co_return Error(ErrorId::kRequestDeadline, "the deadline passed before the database answered");
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
  batch.reserve(std::min<size_t>(options_.batch_max, waiting_.size()));  // slots stay where they are
  const Waiter& first = *waiting_.front();
  for (auto it = waiting_.begin(); it != waiting_.end() && batch.size() < batch.capacity();) {
    Waiter* waiter = *it;
    if (!waiter->TravelsWith(first)) {
      ++it;
      continue;
    }
    it = waiting_.erase(it);
    batch.push_back(waiter);
    waiter->slot = &batch.back();
  }
  return batch;
}

// `batch` outlives the call, and stays where it is.
Task<void> Lane::Run(Batch& batch) {
  SessionState session = batch.front()->read.session;
  session.statement_timeout = options_.statement_timeout;
  const Deadline deadline = Deadline::After(kBatchTimeout);
  Result<Lease> lease = co_await pool_.Acquire(deadline, session);
  if (!lease) {
    Deliver(batch, lease.error());
    co_return;
  }
  std::erase(batch, nullptr);
  Exchange exchange;
  exchange.session = std::move(session);
  exchange.commands.reserve(batch.size() * 2);
  for (Waiter*& waiter : batch) {
    waiter->slot = &waiter;
    if (waiter->read.settings) exchange.commands.push_back(std::move(*waiter->read.settings));
    exchange.commands.push_back(std::move(waiter->read.command));
  }
  if (batch.empty()) co_return;
  ++stats_.batches;
  Result<std::vector<Rows>> rows = co_await (*lease)->Run(std::move(exchange), deadline);
  Deliver(batch, std::move(rows));
}

// A caller's rows are the last of its commands'; all of a batch have as many.
void Lane::Deliver(Batch& batch, Result<std::vector<Rows>> rows) {
  if (!rows) ++stats_.failed;
  const size_t commands = rows ? rows->size() / batch.size() : 0;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (!batch[i]) continue;
    if (rows) {
      ++stats_.reads;
      batch[i]->Settle(std::move((*rows)[(i + 1) * commands - 1]));
    } else {
      batch[i]->Settle(std::nullopt);
    }
  }
}

Task<void> Lane::Close() { co_await tasks_.Join(); }

}  // namespace pando::pg
