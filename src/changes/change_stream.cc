#include "changes/change_stream.h"

#include <algorithm>
#include <charconv>

#include "base/backoff.h"
#include "base/random.h"
#include "net/sleep.h"
#include "pg/commit_wait.h"
#include "pg/connection.h"
#include "pg/quote.h"
#include "pg/rows.h"
#include "telemetry/log.h"

namespace pando::changes {
namespace {

using namespace std::chrono_literals;
using telemetry::Level;
using telemetry::Log;

constexpr Clock::rep kNever = Clock::time_point::min().time_since_epoch().count();
constexpr std::string_view kMessagePrefix = "pando.heartbeat";
constexpr auto kCommandTimeout = 10s;
// A slot waits for every transaction that was open and had written.
constexpr auto kSlotTimeout = 1h;
constexpr auto kConfirmEvery = 1s;
constexpr auto kReceiveSlice = 1s;
constexpr size_t kBeatsMax = 1000;

// While there are no heartbeats, which tell it, too.
constexpr auto kLookEvery = 1s;
constexpr const char* kStandbyNames = "SELECT pg_catalog.current_setting('synchronous_standby_names')";
constexpr const char* kNames =
    "SELECT pg_catalog.current_setting('application_name'), pg_catalog.current_setting('synchronous_standby_names')";

// Roles as pg_roles shows them, without their passwords; settings as they reach a connection that is open, too. The
// publication $1, for it decides what is told, its own changes included.
constexpr const char* kFingerprint = R"sql(
SELECT pg_catalog.md5(pg_catalog.string_agg(part, E'\n' ORDER BY part)) FROM (
  SELECT pg_catalog.current_setting('TimeZone') AS part
  UNION ALL SELECT r::text FROM pg_catalog.pg_roles r
  UNION ALL SELECT m::text FROM pg_catalog.pg_auth_members m
  UNION ALL SELECT s::text FROM pg_catalog.pg_db_role_setting s
  UNION ALL SELECT pg_catalog.concat_ws(' ', evtname, evtenabled, xmin) FROM pg_catalog.pg_event_trigger
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'publication', oid, xmin) FROM pg_catalog.pg_publication WHERE pubname = $1
  UNION ALL SELECT pg_catalog.concat_ws(' ', 'published', count(*),
                     pg_catalog.sum(pg_catalog.hashint8extended(r.oid::int8, r.xmin::text::int8)))
              FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
             WHERE p.pubname = $1) AS parts
)sql";

std::string MakeSecret() { return RandomText(32, "0123456789abcdef"); }

// "16/B374D848"; 0 when it is none.
Lsn ParseLsn(std::string_view text) {
  uint32_t high = 0, low = 0;
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return 0;
  std::from_chars(text.data(), text.data() + slash, high, 16);
  std::from_chars(text.data() + slash + 1, text.data() + text.size(), low, 16);
  return uint64_t{high} << 32 | low;
}

template <class T>
T ParseNumber(std::string_view text) {
  T number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

ChangeStreamOptions WithPrefix(ChangeStreamOptions options) {
  options.assembler.message_prefix = kMessagePrefix;
  return options;
}

}  // namespace

ChangeStream::ChangeStream(net::Executor executor, ChangeStreamOptions options, ChangeSink& sink)
    : executor_(executor),
      options_(WithPrefix(std::move(options))),
      sink_(sink),
      tasks_(executor),
      helpers_(executor),
      fresh_at_(kNever) {}

void ChangeStream::Start() { tasks_.Spawn("change stream", Run()); }

Task<void> ChangeStream::Stop() {
  stopping_ = true;
  tasks_.Cancel();
  co_await tasks_.Join();
}

Task<void> ChangeStream::Run() {
  Backoff backoff(options_.retry_min, options_.retry_max);
  while (!stopping_) {
    secret_ = MakeSecret();
    const Result<void> ended = co_await StreamOnce();
    const bool had_begun = counts_.streaming.load(std::memory_order_relaxed);
    fresh_at_.store(kNever, std::memory_order_release);
    counts_.streaming.store(false, std::memory_order_relaxed);
    assembler_.reset();
    beats_.clear();
    beating_ = false;
    helpers_.Cancel();
    co_await helpers_.Join();
    if (had_begun) {
      counts_.breaks.fetch_add(1, std::memory_order_relaxed);
      backoff.Reset();
      sink_.OnBreak(ended.error());
    }
    if (stopping_) break;
    teller_.Tell(ended.error());
    const milliseconds pause = backoff.Next();
    const Result<void> slept = co_await net::SleepFor(pause);
    if (!slept) break;
  }
}

// Returns when the stream has ended, which it does by an error alone.
Task<Result<void>> ChangeStream::StreamOnce() {
  const Deadline connect_by = Deadline::After(options_.connect_timeout);
  pg::ConnectOptions connect = options_.connect;
  PANDO_CO_TRY(const std::unique_ptr<pg::ReplicationSession> session,
               co_await pg::ReplicationSession::Open(std::move(connect), connect_by));
  if (stopping_) co_return Error(ErrorId::kRequestCancelled, "the server stops following changes");
  const std::string slot = "pando_" + secret_.substr(0, 16);
  PANDO_CO_TRY(const StreamOrigin origin, co_await BeginAt(*session, slot));
  const std::string start = "START_REPLICATION SLOT " + slot +
                            " LOGICAL 0/0 (proto_version '2', streaming 'on', messages 'true', publication_names " +
                            pg::QuoteLiteral(pg::QuoteIdentifier(options_.publication)) + ")";
  const Deadline start_by = Deadline::After(kCommandTimeout);
  PANDO_CO_CHECK(co_await session->Start(start, start_by));
  assembler_.emplace(options_.assembler);
  position_ = confirmed_ = origin.lsn;
  confirmed_at_ = beaten_at_ = asked_at_ = Clock::now();
  counts_.lag_bytes.store(0, std::memory_order_relaxed);  // the one before may have ended for it
  counts_.bytes_in_memory.store(0, std::memory_order_relaxed);
  counts_.streaming.store(true, std::memory_order_relaxed);
  teller_.Forget();
  Log(Level::kInfo, "changes.streaming", "Pando follows the changes of the database");
  sink_.OnStart(origin);
  beating_ = true;
  helpers_.Spawn("heartbeats", BeatWhileStreaming());
  co_return co_await Pump(*session);
}

Task<Result<StreamOrigin>> ChangeStream::BeginAt(pg::ReplicationSession& session, const std::string& slot) {
  const Deadline deadline = Deadline::After(kCommandTimeout);
  PANDO_CO_TRY(const pg::Rows system, co_await session.Run("IDENTIFY_SYSTEM", deadline));
  if (system.size() != 1 || system.columns() < 3)
    co_return Error(ErrorId::kProtocol, "the database did not answer IDENTIFY_SYSTEM as expected");
  PANDO_CO_TRY(const pg::Rows names, co_await session.Run(kNames, deadline));
  application_name_ = names.Text(0, 0);
  TakeStandbyNames(names.Text(0, 1));
  if (refusal_) co_return *refusal_;
  const std::string known =
      "SELECT FROM pg_catalog.pg_publication WHERE pubname = " + pg::QuoteLiteral(options_.publication);
  PANDO_CO_TRY(const pg::Rows publications, co_await session.Run(known, deadline));
  if (publications.size() == 0) {
    co_return Error::FromDatabase("42704", "publication \"" + options_.publication + "\" does not exist");
  }
  StreamOrigin origin;
  origin.system = ParseNumber<uint64_t>(system.Get(0, 0).value_or(""));
  origin.timeline = ParseNumber<uint32_t>(system.Get(0, 1).value_or(""));
  PANDO_CO_TRY(origin.lsn, co_await CreateSlot(session, slot));
  co_return origin;
}

// Where the slot begins.
Task<Result<Lsn>> ChangeStream::CreateSlot(pg::ReplicationSession& session, const std::string& slot) {
  helpers_.Spawn("slot patience", TellWhatItWaitsFor());
  const std::string create = "CREATE_REPLICATION_SLOT " + slot + " TEMPORARY LOGICAL pgoutput (SNAPSHOT 'nothing')";
  const Deadline deadline = Deadline::After(kSlotTimeout);
  Result<pg::Rows> created = co_await session.Run(create, deadline);
  helpers_.Cancel();
  PANDO_CO_TRY(const pg::Rows row, std::move(created));
  if (row.size() != 1 || row.columns() < 2)
    co_return Error(ErrorId::kProtocol, "the database did not say where the replication slot begins");
  co_return ParseLsn(row.Get(0, 1).value_or(""));
}

// A slot begins when every transaction that was open has ended. Says which one it is that does not.
Task<void> ChangeStream::TellWhatItWaitsFor() {
  const Result<void> slept = co_await net::SleepFor(options_.slot_patience);
  if (!slept) co_return;
  pg::ConnectOptions connect = options_.connect;
  const Deadline deadline = Deadline::After(options_.connect_timeout);
  const Result<std::unique_ptr<pg::Connection>> connection =
      co_await pg::Connection::Open(std::move(connect), deadline);
  if (!connection) co_return;
  pg::Exchange exchange;
  exchange.commands.push_back(pg::Command{
      "SELECT what FROM (SELECT 'process ' || pid || ' of ' || coalesce(usename, '?') || ', begun ' || xact_start AS "
      "what,"
      " xact_start AS since FROM pg_catalog.pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
      " UNION ALL SELECT 'prepared transaction ' || gid || ' of ' || owner || ', begun ' || prepared, prepared"
      " FROM pg_catalog.pg_prepared_xacts) t ORDER BY since LIMIT 1",
      {},
      false});
  const Result<std::vector<pg::Rows>> found = co_await (*connection)->Run(std::move(exchange), deadline);
  if (!found || found->front().size() == 0) co_return;
  const std::string what(found->front().Get(0, 0).value_or("?"));
  Log(Level::kWarn, "changes.waiting",
      "the change stream can begin only when an open transaction has ended; commit it, or end it with "
      "pg_terminate_backend or ROLLBACK PREPARED: " +
          what);
}

Task<Result<void>> ChangeStream::Pump(pg::ReplicationSession& session) {
  for (;;) {
    const Deadline slice = Deadline::After(kReceiveSlice);
    const Result<pg::ReplicationFrame> frame = co_await session.Receive(slice);
    if (frame) {
      PANDO_CO_CHECK(TakeFrame(session, *frame));
    } else if (frame.error().id() != ErrorId::kRequestDeadline) {
      co_return frame.error();
    }
    if (stopping_) co_return Error(ErrorId::kRequestCancelled, "the server stops following changes");
    const Clock::time_point now = Clock::now();
    if (now - beaten_at_ > options_.silence_max) {
      co_return Error(ErrorId::kDatabaseConnectionLost, "no heartbeat came back through the change stream");
    }
    if (position_ > confirmed_ && now - confirmed_at_ >= kConfirmEvery) PANDO_CO_CHECK(Confirm(session));
    if (refusal_) co_return *refusal_;
    PANDO_CO_CHECK(CheckLag());
  }
}

Result<void> ChangeStream::Confirm(pg::ReplicationSession& session) {
  if (refusal_) return *refusal_;
  PANDO_CHECK(session.Confirm(position_));
  confirmed_ = position_;
  confirmed_at_ = Clock::now();
  return {};
}

Result<void> ChangeStream::TakeFrame(pg::ReplicationSession& session, const pg::ReplicationFrame& frame) {
  if (frame.is_data) {
    PANDO_TRY(const std::optional<Transaction> transaction, assembler_->Feed(frame.data));
    counts_.bytes_in_memory.store(assembler_->bytes(), std::memory_order_relaxed);
    if (transaction) HandOver(*transaction);
    return {};
  }
  // The server has read so far and had nothing for us.
  if (assembler_->in_progress() == 0) position_ = std::max(position_, frame.server_lsn);
  if (frame.reply_wanted) return Confirm(session);
  return {};
}

void ChangeStream::HandOver(const Transaction& transaction) {
  position_ = std::max(position_, transaction.end_lsn);
  if (!transaction.changes.empty() || !transaction.unlisted.empty()) {
    counts_.transactions.fetch_add(1, std::memory_order_relaxed);
    counts_.changes.fetch_add(transaction.changes.size(), std::memory_order_relaxed);
    sink_.OnTransaction(transaction);
  }
  for (const LogicalMessage& message : transaction.messages) TakeBeat(message.content);
}

// Anybody can send a message; nobody else knows the secret.
void ChangeStream::TakeBeat(const std::string& secret) {
  const auto found =
      std::find_if(beats_.begin(), beats_.end(), [&](const Beat& beat) { return beat.secret == secret; });
  if (found == beats_.end()) return;
  beaten_at_ = Clock::now();
  counts_.delay.store((beaten_at_ - found->sent).count(), std::memory_order_relaxed);
  found->is_back = true;
  CountBeats();
}

// One counts when the sink knows what the database said with it: that the stream is not told everything any more, say.
void ChangeStream::CountBeats() {
  const auto counts = [](const Beat& beat) { return beat.is_back && beat.is_told; };
  const auto newest = std::find_if(beats_.rbegin(), beats_.rend(), counts);
  if (newest == beats_.rend()) return;
  fresh_at_.store(newest->sent.time_since_epoch().count(), std::memory_order_release);
  beats_.erase(beats_.begin(), newest.base());
}

// A cancellation that comes while a connection recovers from its loss is not seen by the waits after it; the flag is.
Task<void> ChangeStream::BeatWhileStreaming() {
  while (beating_) {
    pg::ConnectOptions connect = options_.connect;
    const Deadline deadline = Deadline::After(options_.connect_timeout);
    const Result<std::unique_ptr<pg::Connection>> connection =
        co_await pg::Connection::Open(std::move(connect), deadline);
    if (connection && beating_) {
      const Result<void> ended = co_await BeatOn(**connection);
      if (!ended && ended.error().id() == ErrorId::kRequestCancelled) co_return;
    }
    if (!beating_) co_return;
    // The age of the stream grows meanwhile, and tells whoever must know.
    const Result<void> slept = co_await net::SleepFor(options_.retry_min);
    if (!slept) co_return;
  }
}

// Returns when the connection is of no use any more.
Task<Result<void>> ChangeStream::BeatOn(pg::Connection& connection) {
  while (beating_) {
    if (beats_.size() >= kBeatsMax) beats_.pop_front();
    const std::string secret = secret_ + "-" + std::to_string(++beat_number_);
    beats_.emplace_back(Beat{secret, Clock::now()});
    pg::Exchange exchange;
    // A standby that is away must not hold it up: the stream shows commits that wait for one.
    exchange.commands.push_back(
        pg::Command{"SELECT pg_catalog.set_config('synchronous_commit', 'local', true)", {}, true});
    exchange.commands.push_back(
        pg::Command{"SELECT pg_catalog.pg_current_wal_insert_lsn(), pg_catalog.pg_current_snapshot(),"
                    " pg_catalog.current_setting('synchronous_standby_names')"
                    " FROM pg_catalog.pg_logical_emit_message(true, $1, $2::text)",
                    {std::string(kMessagePrefix), secret},
                    true});
    exchange.commands.push_back(pg::Command{kFingerprint, {options_.publication}, true});
    const Deadline deadline = Deadline::After(options_.connect_timeout);
    PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await connection.Run(std::move(exchange), deadline));
    const pg::Rows& sent = rows[1];
    const Lsn written = ParseLsn(sent.Get(0, 0).value_or(""));
    counts_.lag_bytes.store(written > position_ ? written - position_ : 0, std::memory_order_relaxed);
    if (!beating_) break;
    sink_.OnHeartbeat({std::string(sent.Get(0, 1).value_or("")), std::string(rows.back().Get(0, 0).value_or(""))});
    const auto beat = std::find_if(beats_.begin(), beats_.end(), [&](const Beat& b) { return b.secret == secret; });
    if (beat != beats_.end()) beat->is_told = true;
    CountBeats();
    TakeStandbyNames(sent.Text(0, 2));
    PANDO_CO_CHECK(co_await PauseBeats(connection));
  }
  co_return Result<void>();
}

Task<Result<void>> ChangeStream::PauseBeats(pg::Connection& connection) {
  const Clock::time_point begin = Clock::now();
  for (;;) {
    PANDO_CO_CHECK(co_await net::SleepFor(options_.heartbeat_every));
    const Clock::time_point now = Clock::now();
    if (asked_.exchange(false, std::memory_order_relaxed)) asked_at_ = now;
    const bool idle = now - asked_at_ > options_.idle_after;
    if (!beating_ || !idle || now - begin >= options_.heartbeat_idle) co_return Result<void>();
    if (now - looked_at_ < kLookEvery) continue;
    pg::Exchange exchange;
    exchange.commands.push_back(pg::Command{kStandbyNames, {}, true});
    const Deadline deadline = Deadline::After(options_.connect_timeout);
    PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await connection.Run(std::move(exchange), deadline));
    TakeStandbyNames(rows.front().Text(0, 0));
  }
}

// What the stream confirms would count as a standby's word, and commits would be acknowledged that no standby has.
void ChangeStream::TakeStandbyNames(std::string_view names) {
  looked_at_ = Clock::now();
  refusal_.reset();
  if (!pg::CountsAsStandby(names, application_name_)) return;
  refusal_ = Error(ErrorId::kStandbyAwaited, "the change stream would be taken for the standby that commits wait for")
                 .WithDetail("synchronous_standby_names is \"" + std::string(names) +
                             "\", and the stream is called \"" + application_name_ + "\"")
                 .WithHint("name the standbys in synchronous_standby_names, without *");
}

Result<void> ChangeStream::CheckLag() const {
  const uint64_t lag = counts_.lag_bytes.load(std::memory_order_relaxed);
  if (lag <= options_.lag_bytes_max) return {};
  return Error(ErrorId::kDatabaseConnectionLost,
               "the change stream fell " + std::to_string(lag >> 20) +
                   " MiB behind and gave its slot up, lest the database keep its log");
}

ChangeStreamStats ChangeStream::stats() const {
  ChangeStreamStats stats;
  stats.streaming = counts_.streaming.load(std::memory_order_relaxed);
  stats.transactions = counts_.transactions.load(std::memory_order_relaxed);
  stats.changes = counts_.changes.load(std::memory_order_relaxed);
  stats.breaks = counts_.breaks.load(std::memory_order_relaxed);
  stats.lag_bytes = counts_.lag_bytes.load(std::memory_order_relaxed);
  stats.bytes_in_memory = counts_.bytes_in_memory.load(std::memory_order_relaxed);
  stats.delay = Clock::duration(counts_.delay.load(std::memory_order_relaxed));
  return stats;
}

}  // namespace pando::changes
