#include "server/catalog_watcher.h"

#include "base/backoff.h"
#include "catalog/snapshot.h"
#include "net/sleep.h"
#include "pg/connection.h"
#include "pg/quote.h"
#include "telemetry/log.h"

namespace pando::server {
namespace {

using telemetry::Level;
using telemetry::Log;
using namespace std::chrono_literals;

constexpr auto kLoadTimeout = 120s;
constexpr auto kBackoffMin = 100ms;
constexpr auto kBackoffMax = 5s;
// A connection on which nothing arrived for so long is asked whether it still lives.
constexpr auto kProbeInterval = 60s;

}  // namespace

CatalogWatcher::CatalogWatcher(net::Executor executor, CatalogWatcherOptions options, Deps deps)
    : executor_(executor), options_(std::move(options)), deps_(std::move(deps)), tasks_(executor) {}

Task<Result<void>> CatalogWatcher::LoadOnce() {
  const Deadline connect_by = Deadline::After(options_.connect_timeout);
  const pg::ConnectOptions connect = options_.connect;
  PANDO_CO_TRY(std::unique_ptr<pg::Connection> connection, co_await pg::Connection::Open(connect, connect_by));
  const auto begun = Clock::now();
  const introspect::IntrospectOptions introspect = options_.introspect;
  const Deadline load_by = Deadline::After(kLoadTimeout);
  PANDO_CO_TRY(std::shared_ptr<const catalog::Catalog> catalog,
               co_await introspect::LoadCatalog(*connection, introspect, load_by));
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - begun);
  Log(Level::kInfo, "catalog.loaded", "the schema of the database is loaded",
      {{"relations", static_cast<int64_t>(catalog->snapshot().relations.size())},
       {"functions", static_cast<int64_t>(catalog->snapshot().functions.size())},
       {"took_ms", static_cast<int64_t>(took.count())}});
  connected_ = true;
  deps_.publish(std::move(catalog));
  co_return Result<void>();
}

void CatalogWatcher::Start(bool loaded) {
  if (!loaded) Reload();
  if (options_.listen) tasks_.Spawn("catalog listener", Listen());
}

void CatalogWatcher::Reload() {
  again_ = true;
  if (loading_ || stopping_) return;
  loading_ = true;
  tasks_.Spawn("catalog load", LoadUntilCurrent());
}

Task<void> CatalogWatcher::LoadUntilCurrent() {
  Backoff backoff(kBackoffMin, kBackoffMax);
  while (again_ && !stopping_) {
    again_ = false;
    const Result<void> loaded = co_await LoadOnce();
    if (deps_.count) deps_.count(loaded.has_value());
    if (loaded) {
      backoff.Reset();
      continue;
    }
    if (stopping_) break;
    Log(Level::kWarn, "catalog.load_failed", loaded.error().ToString());
    again_ = true;
    const auto pause = backoff.Next();
    const Result<void> slept = co_await net::SleepFor(pause);
    if (!slept) break;
  }
  loading_ = false;
}

Task<void> CatalogWatcher::Listen() {
  Backoff backoff(kBackoffMin, kBackoffMax);
  bool was_away = false;
  while (!stopping_) {
    const Deadline connect_by = Deadline::After(options_.connect_timeout);
    const pg::ConnectOptions connect = options_.connect;
    Result<std::unique_ptr<pg::Connection>> connection = co_await pg::Connection::Open(connect, connect_by);
    if (connection) {
      backoff.Reset();
      // What changed while nobody listened is not announced again.
      if (was_away) Reload();
      was_away = true;
      connected_ = true;
      co_await ListenOn(*connection);
    }
    connected_ = false;
    if (stopping_) break;
    const auto pause = backoff.Next();
    const Result<void> slept = co_await net::SleepFor(pause);
    if (!slept) break;
  }
}

// Returns when the connection is of no use any more.
Task<void> CatalogWatcher::ListenOn(std::unique_ptr<pg::Connection>& connection) {
  std::string sql = "LISTEN " + pg::QuoteIdentifier(options_.channel);
  if (options_.channel != "pando") sql += "; LISTEN pando";
  const Deadline listen_by = Deadline::After(options_.connect_timeout);
  const Result<void> listening = co_await connection->RunScript(sql, listen_by);
  if (!listening) {
    Log(Level::kWarn, "catalog.listen_failed", listening.error().ToString());
    co_return;
  }
  while (!stopping_) {
    const Deadline probe_at = Deadline::After(kProbeInterval);
    const Result<pg::Notification> notification = co_await connection->WaitNotification(probe_at);
    if (notification) {
      OnNotification(*notification);
      continue;
    }
    if (notification.error().id() != ErrorId::kRequestDeadline) co_return;
    const Deadline probe_by = Deadline::After(options_.connect_timeout);
    const Result<void> alive = co_await connection->RunScript("SELECT 1", probe_by);
    if (!alive) co_return;
  }
}

void CatalogWatcher::OnNotification(const pg::Notification& notification) {
  if (notification.payload.empty() || notification.payload == "reload schema") Reload();
  if (notification.payload.empty() || notification.payload == "reload config") {
    if (deps_.reload_config) deps_.reload_config();
  }
}

Task<void> CatalogWatcher::Stop() {
  stopping_ = true;
  tasks_.Cancel();
  co_await tasks_.Join();
}

}  // namespace pando::server
