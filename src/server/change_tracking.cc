#include "server/change_tracking.h"

#include <algorithm>

#include "base/backoff.h"
#include "changes/advice.h"
#include "changes/install.h"
#include "net/sleep.h"
#include "telemetry/log.h"

namespace pando::server {
namespace {

using telemetry::Level;
using telemetry::Log;
using namespace std::chrono_literals;

constexpr auto kPublishTimeout = 60s;
constexpr auto kRetryMin = 500ms;
constexpr auto kRetryMax = 30s;
constexpr size_t kTablesTold = 10;  // in one line of the log

changes::ChangeStreamOptions StreamOptions(const ChangeTrackingOptions& options) {
  changes::ChangeStreamOptions stream;
  stream.connect = options.connect;
  stream.connect.statements_max = 1;
  stream.publication = changes::kPublication;
  stream.connect_timeout = options.connect_timeout;
  return stream;
}

// A row in the epoch that stands for more than the rows of one view.
bool IsSchemaChange(const changes::Change& change) {
  const changes::Table& table = *change.table;
  if (!change.after || table.schema != changes::kSchema || table.name != changes::kEpochTable) return false;
  for (size_t i = 0; i < table.columns.size() && i < change.after->size(); ++i) {
    if (table.columns[i].name == "refreshed") return (*change.after)[i].kind == changes::Cell::Kind::kNull;
  }
  return true;
}

}  // namespace

ChangeTracking::ChangeTracking(net::Executor executor, ChangeTrackingOptions options,
                               std::function<void()> on_schema_change)
    : executor_(executor),
      options_(std::move(options)),
      on_schema_change_(std::move(on_schema_change)),
      stream_(executor, StreamOptions(options_), *this),
      tasks_(executor) {}

void ChangeTracking::Start() { Republish(options_.schemas); }

void ChangeTracking::Republish(std::vector<std::string> schemas) {
  options_.schemas = std::move(schemas);
  again_ = true;
  if (publishing_ || stopping_) return;
  publishing_ = true;
  tasks_.Spawn("publish", PublishUntilCurrent());
}

Task<void> ChangeTracking::Stop() {
  stopping_ = true;
  tasks_.Cancel();
  co_await tasks_.Join();
  if (streaming_) co_await stream_.Stop();
}

Task<void> ChangeTracking::PublishUntilCurrent() {
  Backoff backoff(kRetryMin, kRetryMax);
  while (again_ && !stopping_) {
    again_ = false;
    const Result<void> published = co_await PublishOnce();
    if (published) {
      backoff.Reset();
      continue;
    }
    if (stopping_) break;
    Tell(published.error());
    installed_ = false;  // somebody may have dropped it
    again_ = true;
    const milliseconds pause = backoff.Next();
    const Result<void> slept = co_await net::SleepFor(pause);
    if (!slept) break;
  }
  publishing_ = false;
}

Task<Result<void>> ChangeTracking::PublishOnce() {
  const Deadline connect_by = Deadline::After(options_.connect_timeout);
  pg::ConnectOptions connect = options_.connect;
  PANDO_CO_TRY(const std::unique_ptr<pg::Connection> connection,
               co_await pg::Connection::Open(std::move(connect), connect_by));
  const Deadline deadline = Deadline::After(kPublishTimeout);
  if (!installed_) {
    PANDO_CO_TRY(const changes::Installed installed, co_await changes::Install(*connection, deadline));
    installed_ = true;
    if (!installed.triggers) {
      Log(Level::kWarn, "changes.no_triggers",
          "changes of the schema do not come through the change stream; only a superuser may make event triggers");
    }
  }
  std::vector<std::string> schemas = options_.schemas;
  PANDO_CO_TRY(const changes::Publication publication,
               co_await changes::Publish(*connection, std::move(schemas), deadline));
  Take(publication);
  co_return Result<void>();
}

void ChangeTracking::Take(const changes::Publication& publication) {
  told_.clear();
  epoch_ = publication.epoch;
  published_.store(publication.tables.size(), std::memory_order_relaxed);
  unpublished_.store(publication.unpublished.size(), std::memory_order_relaxed);
  std::string told;
  for (size_t i = 0; i < std::min(publication.unpublished.size(), kTablesTold); ++i) {
    told += (told.empty() ? "" : "; ") + changes::Cure(publication.unpublished[i], publication.role);
  }
  if (publication.unpublished.size() > kTablesTold) {
    told += "; and " + std::to_string(publication.unpublished.size() - kTablesTold) + " more tables";
  }
  if (!told.empty() && told != told_unpublished_) {
    Log(Level::kInfo, "changes.unpublished", "changes of some tables do not come through the stream; " + told);
  }
  told_unpublished_ = std::move(told);
  if (!streaming_ && !stopping_) {
    streaming_ = true;
    stream_.Start();
  }
}

void ChangeTracking::OnStart(const changes::StreamOrigin&) {
  // What happened to the schema while there was no stream was not told.
  on_schema_change_();
}

void ChangeTracking::OnTransaction(const changes::Transaction& transaction) {
  const bool changed = transaction.unlisted.contains(epoch_) ||
                       std::any_of(transaction.changes.begin(), transaction.changes.end(), IsSchemaChange);
  if (changed) on_schema_change_();
}

void ChangeTracking::OnBreak(const Error&) {}

void ChangeTracking::Tell(const Error& why) {
  const std::string told = why.ToString();
  if (told == told_) return;
  told_ = told;
  const std::string advice = changes::AdviceFor(why);
  Log(Level::kWarn, "changes.unavailable",
      "no changes come from the database" + (advice.empty() ? "" : "; " + advice) + ": " + told);
}

}  // namespace pando::server
