#include "server/catalog_watcher.h"

#include <utility>

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
// A catalog counts as current for so long after the fingerprint was seen to be its own.
constexpr auto kKnownFor = 1s;
// Between two looks at the fingerprint, so that a look may take as long without a gap.
constexpr auto kLookInterval = 500ms;
constexpr auto kLookTimeout = 10s;
// What came and went between two looks (a trigger, a membership) may have left a plan or a setting on a connection. The
// statistics tell of memberships, late or never, and nothing of the rest: so connections forget this often, as long as
// transactions end.
constexpr auto kForgetEvery = 5s;

}  // namespace

CatalogWatcher::CatalogWatcher(net::Executor executor, CatalogWatcherOptions options, Deps deps)
    : options_(std::move(options)),
      deps_(std::move(deps)),
      tasks_(executor),
      load_(executor, tasks_, "catalog load", [this] { return LoadAndTell(); }, {kBackoffMin, kBackoffMax}) {}

Task<Result<void>> CatalogWatcher::LoadOnce() {
  const Deadline connect_by = Deadline::After(options_.connect_timeout);
  const pg::ConnectOptions connect = options_.connect;
  PANDO_CO_TRY(std::unique_ptr<pg::Connection> connection, co_await pg::Connection::Open(connect, connect_by));
  const auto begun = Clock::now();
  deps_.answered();
  const introspect::IntrospectOptions introspect = options_.introspect;
  const Deadline load_by = Deadline::After(kLoadTimeout);
  PANDO_CO_TRY(std::shared_ptr<const catalog::Catalog> catalog,
               co_await introspect::LoadCatalog(*connection, introspect, load_by));
  const auto took = std::chrono::duration_cast<milliseconds>(Clock::now() - begun);
  Log(Level::kInfo, "catalog.loaded", "Pando has read the schema of the database, and serves requests by it",
      {{"relations", static_cast<int64_t>(catalog->snapshot().relations.size())},
       {"functions", static_cast<int64_t>(catalog->snapshot().functions.size())},
       {"took_ms", static_cast<int64_t>(took.count())}});
  TellIgnoredSettings(*catalog);
  deps_.answered();
  known_ = std::make_shared<KnownUntil>(begun + kKnownFor);
  if (outdated_at_ >= begun) known_->End();
  fingerprint_ = catalog->snapshot().fingerprint;
  published_load_begun_at_ = begun;
  deps_.publish(std::move(catalog), known_);
  co_return Result<void>();
}

// Once, until there are others.
void CatalogWatcher::TellIgnoredSettings(const catalog::Catalog& catalog) {
  std::string ignored;
  for (const std::string& setting : catalog.snapshot().ignored_role_settings) {
    ignored += (ignored.empty() ? "" : ", ") + setting;
  }
  if (!ignored.empty() && ignored != told_ignored_settings_) {
    Log(Level::kWarn, "catalog.role_settings_ignored",
        "some settings of roles are ignored, because requests need another value; remove them with ALTER ROLE ... "
        "RESET: " +
            ignored);
  }
  told_ignored_settings_ = std::move(ignored);
}

void CatalogWatcher::Start(bool loaded) {
  if (!loaded) Reload();
  tasks_.Spawn("catalog watch", Watch());
}

void CatalogWatcher::Reload() { load_.Request(); }

Task<Result<void>> CatalogWatcher::LoadAndTell() {
  Result<void> loaded = co_await LoadOnce();
  if (deps_.count) deps_.count(loaded.has_value());
  if (!loaded) {
    if (!stopping_)
      Log(Level::kWarn, "catalog.load_failed",
          "Pando cannot read the schema of the database, and tries again: " + loaded.error().ToString());
    co_return std::move(loaded);
  }
  // A look since then saw another schema than the load did. The next look would only say so again.
  const bool looked = looked_at_ >= published_load_begun_at_ && !seen_.text.empty();
  if (looked && seen_.text != fingerprint_) Outdate();
  co_return std::move(loaded);
}

void CatalogWatcher::Outdate() {
  outdated_at_ = Clock::now();
  EndKnown();
  Reload();
}

void CatalogWatcher::EndKnown() {
  if (known_) known_->End();
  deps_.outdated();
}

Task<void> CatalogWatcher::Watch() {
  Backoff backoff(kBackoffMin, kBackoffMax);
  while (!stopping_) {
    const Deadline connect_by = Deadline::After(options_.connect_timeout);
    pg::ConnectOptions connect = options_.connect;
    connect.proves_process = true;
    Result<std::unique_ptr<pg::Connection>> connection = co_await pg::Connection::Open(connect, connect_by);
    if (connection) {
      backoff.Reset();
      deps_.answered();
      deps_.connected(true);
      // The counters are the server's, and what moved while nobody looked counts.
      seen_.seen_by.clear();
      seen_.text.clear();
      co_await WatchOn(**connection);
    } else {
      TellWatchFailed(connection.error());
    }
    if (stopping_) break;
    deps_.connected(false);
    const auto pause = backoff.Next();
    const Result<void> slept = co_await net::SleepFor(pause);
    if (!slept) break;
  }
}

// Returns when the connection is of no use any more.
Task<void> CatalogWatcher::WatchOn(pg::Connection& connection) {
  Result<void> watched;
  bool listens = options_.listen;
  if (listens) watched = co_await Listen(connection);
  if (!watched && watched.error().kind() == ErrorKind::kDatabase) {
    // A standby refuses it. What would be notified is seen at the next look.
    TellWatchFailed(watched.error());
    watched = Result<void>();
    listens = false;
  }
  while (watched && !stopping_) {
    watched = co_await Look(connection);
    if (!watched) break;
    const Deadline next_look = Deadline::After(kLookInterval);
    if (listens) {
      watched = co_await Hear(connection, next_look);
    } else {
      watched = co_await net::SleepUntil(next_look);
    }
  }
  if (watched || stopping_) co_return;
  TellWatchFailed(watched.error());
  if (const std::optional<Error> broken_promise = connection.broken_promise()) deps_.pooler_found(*broken_promise);
}

Task<Result<void>> CatalogWatcher::Listen(pg::Connection& connection) {
  std::string sql = "LISTEN " + pg::QuoteIdentifier(options_.channel);
  if (options_.channel != "pando") sql += "; LISTEN pando";
  const Deadline listen_by = Deadline::After(options_.connect_timeout);
  co_return co_await connection.RunScript(std::move(sql), listen_by);
}

// Deals with what is notified until then.
Task<Result<void>> CatalogWatcher::Hear(pg::Connection& connection, Deadline until) {
  for (;;) {
    const Result<pg::Notification> notification = co_await connection.WaitNotification(until);
    if (notification) {
      OnNotification(*notification);
    } else if (notification.error().id() == ErrorId::kRequestDeadline) {
      co_return Result<void>();
    } else {
      co_return notification.error();
    }
  }
}

Task<Result<void>> CatalogWatcher::Look(pg::Connection& connection) {
  const Clock::time_point looked_at = Clock::now();
  const Deadline look_by = Deadline::After(kLookTimeout);
  introspect::Fingerprint before = seen_;
  const introspect::Fingerprint last = seen_;
  PANDO_CO_TRY(seen_, co_await introspect::QueryFingerprint(connection, std::move(before), look_by));
  deps_.answered();
  told_.clear();
  looked_at_ = looked_at;
  ForgetWhatPassed(last, looked_at);
  Compare(seen_, looked_at);
  PANDO_CO_TRY(const pg::CommitWatch commits, co_await pg::WatchCommits(connection, look_by));
  deps_.commits(commits);
  co_return Result<void>();
}

void CatalogWatcher::ForgetWhatPassed(const introspect::Fingerprint& last, Clock::time_point looked_at) {
  const bool is_first = last.grants.empty();
  // Behind a pooler that lends transactions each look may be another session's.
  const bool configured = options_.listen && seen_.configured_at != last.configured_at;
  const bool reset = !is_first && (configured || seen_.settings != last.settings);
  // Twice: each session takes the configuration over between two statements, and the one that looks may be the first.
  if (std::exchange(was_reset_, reset) || reset) return deps_.reset();
  const bool regranted = seen_.grants != last.grants;
  const bool is_time = looked_at - forgotten_at_ >= kForgetEvery && seen_.seen_by != forgotten_by_;
  if (!is_first && !regranted && !is_time) return;
  forgotten_by_ = seen_.seen_by;
  forgotten_at_ = looked_at;
  if (is_first) return;
  regranted ? deps_.regranted() : deps_.forget();
}

void CatalogWatcher::Compare(const introspect::Fingerprint& seen, Clock::time_point looked_at) {
  if (!known_ || looked_at < published_load_begun_at_) return;
  if (seen.text == fingerprint_) {
    known_->Extend(looked_at + kKnownFor);
    return;
  }
  // One that is being loaded may have seen the change; if not, it is loaded once more.
  if (load_.is_running()) return EndKnown();
  Log(Level::kInfo, "catalog.changed", "the schema of the database has changed; Pando reads it again");
  Outdate();
}

// Each reason once in a row: requests make all of their settings meanwhile, which costs time and nothing else.
void CatalogWatcher::TellWatchFailed(const Error& error) {
  // A server that refuses has answered.
  if (error.kind() == ErrorKind::kDatabase) deps_.answered();
  if (std::string text = error.ToString(); text != told_) {
    told_ = std::move(text);
    Log(Level::kWarn, "catalog.watch_failed",
        "Pando cannot see whether the schema of the database changes; until it can, requests take longer",
        {{"error", told_}});
  }
}

void CatalogWatcher::OnNotification(const pg::Notification& notification) {
  if (notification.payload.empty() || notification.payload == "reload schema") Outdate();
  if (notification.payload.empty() || notification.payload == "reload config") {
    if (deps_.reload_config) deps_.reload_config();
  }
}

Task<void> CatalogWatcher::Stop() {
  stopping_ = true;
  load_.Stop();
  tasks_.Cancel();
  co_await tasks_.Join();
}

}  // namespace pando::server
