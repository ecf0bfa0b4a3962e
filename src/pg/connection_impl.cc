#include "pg/connection_impl.h"

#include <poll.h>

#include <utility>

#include "base/assert.h"
#include "base/role_name.h"
#include "net/sleep.h"
#include "pg/database_error.h"
#include "pg/quote.h"
#include "pgtypes/sqlstate.h"

namespace pando::pg {

namespace asio = boost::asio;
namespace sqlstate = pgtypes::sqlstate;

namespace {

constexpr size_t kParametersMax = 65535;       // a count of 16 bits in the Bind message
constexpr size_t kBytesMax = size_t{1} << 30;  // of its texts: PostgreSQL reads no longer message

// What a connection may hold of answers without asking for room.
constexpr size_t kFreeBytes = 256 << 10;

// Of what writes. Its notice of a standby that nobody waits for any more is sent whatever a role or a function has set.
const Command& EndOfWrite() {
  static const Command command{
      "SELECT pg_catalog.set_config('client_min_messages', 'warning', true), pg_catalog.pg_is_in_recovery()"};
  return command;
}

// How often a switch is tried again that ran into the limit of the session before.
constexpr int kSwitchRepeatsMax = 3;

bool HasZeroByte(const std::string& text) { return text.find('\0') != std::string::npos; }

// PostgreSQL's own words for a zero byte. The protocol ends texts there.
Error ZeroByte() {
  return Error::FromDatabase(std::string(sqlstate::kCharacterNotInRepertoire),
                             "invalid byte sequence for encoding \"UTF8\": 0x00");
}

std::optional<Error> RefuseCommand(const Command& command) {
  if (command.sql.has_zero_byte()) return ZeroByte();
  if (command.parameters.size() > kParametersMax) {
    return Error::FromDatabase(std::string(sqlstate::kProgramLimitExceeded),
                               "a statement takes at most 65535 parameters");
  }
  size_t bytes = command.sql.view().size();
  for (const Parameter& parameter : command.parameters) {
    if (parameter && HasZeroByte(*parameter)) return ZeroByte();
    bytes += parameter ? parameter->size() : 0;
  }
  if (bytes >= kBytesMax - kParametersMax * sizeof(uint32_t)) {
    return Error::FromDatabase(std::string(sqlstate::kProgramLimitExceeded),
                               "a statement and its parameters take less than 1 GB");
  }
  return std::nullopt;
}

}  // namespace

ConnectionImpl::ConnectionImpl(net::Executor executor, Connected connected, const ConnectOptions& options)
    : cancel_target_(connected.cancel_target),
      server_version_(PQserverVersion(connected.handle.get())),
      backend_pid_(PQbackendPID(connected.handle.get())),
      wire_(std::make_unique<Wire>(std::move(connected.handle))),
      watch_(executor),
      statements_(options.statements_max),
      pooler_(options.pooler),
      proves_process_(options.proves_process),
      clean_epoch_(options.clean_epoch),
      epoch_seen_(clean_epoch_ ? *clean_epoch_ : 0),
      pipeline_(statements_, names_statements()),
      answer_memory_(options.memory) {}

bool ConnectionImpl::Watch() { return watch_.Attach(wire_->socket()); }

bool ConnectionImpl::usable() const {
  return wire_ && !in_flight_ && !held_ && !wire_->in_transaction() && !wire_->is_promoted();
}

bool ConnectionImpl::alive() const {
  if (!wire_) return false;
  pollfd socket{wire_->socket(), POLLIN | POLLRDHUP, 0};
  return poll(&socket, 1, 0) == 0 || (socket.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) == 0;
}

Task<Result<std::vector<Rows>>> ConnectionImpl::Run(Exchange exchange, Deadline deadline) {
  if (std::optional<Error> refusal = RefuseToRun(exchange, deadline)) co_return *refusal;
  // PostgreSQL keeps the types of parameters, and who may do what, from the time at which a statement was prepared; and
  // what a function was thought not to leave may be here.
  if (is_outdated()) PANDO_CO_CHECK(co_await Clean(deadline));
  co_return co_await RunClean(std::move(exchange), deadline);
}

Task<Result<std::vector<Rows>>> ConnectionImpl::RunClean(Exchange exchange, Deadline deadline) {
  // Timeout and settings of the session belong to those who asked for them.
  if (!exchange.session && (session_.statement_timeout.count() != 0 || session_.settings)) {
    exchange.session = session_;
    exchange.session->statement_timeout = milliseconds(0);
    exchange.session->settings = nullptr;
  }
  in_flight_ = true;
  for (int repeats = 0;; ++repeats) {
    Queue(exchange);
    const Wake wake = co_await Drive(pipeline_, deadline);
    if (NeedsRecovery(wake, exchange.finish, exchange.commits_write())) {
      co_await WithoutCancellation();
      co_await Recover(pipeline_, wake, exchange.finish);
      co_await WithCancellation();
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    const bool in_order = wire_ && wake == Wake::kReady && !WasCancelled(state);
    const bool again = in_order && ((repeats == 0 && pipeline_.DropStaleStatement()) ||
                                    (repeats < kSwitchRepeatsMax && pipeline_.stopped_in_support()));
    if (!again) co_return Conclude(exchange, wake);
  }
}

std::optional<Error> ConnectionImpl::RefuseToRun(const Exchange& exchange, Deadline deadline) const {
  PANDO_ASSERT(!held_);
  if (!wire_ || in_flight_) return Error(ErrorId::kDatabaseConnectionLost, "the connection to the database is closed");
  if (deadline.passed())
    return Error(ErrorId::kRequestDeadline, "the time for the request was over before its statement began");
  for (const Command& command : exchange.commands) {
    if (std::optional<Error> refusal = RefuseCommand(command)) return refusal;
  }
  if (!exchange.session) return std::nullopt;
  if (HasZeroByte(exchange.session->search_path)) return ZeroByte();
  const std::optional<std::string>& role = exchange.session->role;
  if (role && !IsRoleName(*role)) {
    return Error::FromDatabase(std::string(sqlstate::kInvalidParameterValue), "role \"" + *role + "\" does not exist");
  }
  return std::nullopt;
}

void ConnectionImpl::Queue(const Exchange& exchange) {
  pipeline_.Reset(*wire_, exchange.on_rows);
  QueueRetired();
  const bool leaves_traces = std::exchange(erases_next_, false) || exchange.leaves_traces;
  const bool erases = leaves_traces && pooler_ == Pooler::kTransaction;
  // A transaction block that fails stays open on its server, so that even then the traces can be removed.
  const bool in_block = exchange.finish != Finish::kCommit || erases;
  if (in_block) pipeline_.AddText("BEGIN", Duty::kSupport);
  if (!exchange.isolation.empty()) pipeline_.AddText(exchange.isolation, Duty::kSupport);
  QueueGuard();
  if (pooler_ == Pooler::kTransaction) {
    // Functions keep plans on the server, and PostgreSQL does not make them anew when a membership is revoked. Behind
    // what chooses the isolation, for it takes a snapshot.
    pipeline_.AddText("DISCARD PLANS", Duty::kSupport);
    QueueLocal(exchange.session.value_or(SessionState{}));
  } else if (exchange.session && *exchange.session != session_) {
    QueueSwitch(*exchange.session);
  }
  for (const Command& command : exchange.commands) pipeline_.Add(command, Duty::kAnswer);
  if (erases) QueueErasure();
  if (exchange.commits_write()) QueueEnd(exchange.runs_deferred);
  if (erases && exchange.finish == Finish::kCommit) pipeline_.AddText("COMMIT", Duty::kSupport);
  if (exchange.finish == Finish::kRollback) {
    pipeline_.AddText("SET CONSTRAINTS ALL IMMEDIATE", Duty::kSupport);
    pipeline_.Sync(Duty::kSupport);
    QueueRollback(pipeline_, Duty::kAside);
    pipeline_.Sync(Duty::kAside);
  } else {
    pipeline_.Sync(Duty::kSupport);
  }
}

void ConnectionImpl::QueueRetired() {
  if (!statements_.has_retired()) return;
  for (const std::string& deallocate : statements_.TakeRetired()) {
    pipeline_.AddText(deallocate, Duty::kAside);
    pipeline_.Sync(Duty::kAside);
  }
}

// In the segment of the commands themselves: when the role cannot be taken, the server skips them, and a failure
// further on takes the switch back with everything else.
void ConnectionImpl::QueueSwitch(const SessionState& wanted) {
  // First, so that the rest of the switch is not under the limit of whoever was here before.
  if (wanted.statement_timeout != session_.statement_timeout) QueueTimeout(wanted.statement_timeout);
  const bool other_settings = !wanted.HasSettingsOf(session_);
  // By the role that made them, which may.
  if (other_settings && session_.settings) {
    for (const auto& [name, value] : *session_.settings) {
      pipeline_.AddText("RESET " + QuoteIdentifier(name), Duty::kSupport);
    }
  }
  if (wanted.role != session_.role) {
    const std::string role = wanted.role.value_or("none");
    pipeline_.Add(Command{"select pg_catalog.set_config('role', $1, false)", {role}, true}, Duty::kSupport);
  }
  if (other_settings && wanted.settings) {
    for (const auto& [name, value] : *wanted.settings) {
      pipeline_.Add(Command{"select pg_catalog.set_config($1, $2, false)", {name, value}, true}, Duty::kSupport);
    }
  }
  if (wanted.search_path == session_.search_path) return;
  if (wanted.search_path.empty()) {
    pipeline_.AddText("RESET search_path", Duty::kSupport);
  } else {
    pipeline_.Add(Command{"select pg_catalog.set_config('search_path', $1, false)", {wanted.search_path}, true},
                  Duty::kSupport);
  }
}

void ConnectionImpl::QueueTimeout(milliseconds timeout) {
  if (timeout.count() == 0) {
    pipeline_.AddText("RESET statement_timeout", Duty::kSupport);
    return;
  }
  const std::string value = std::to_string(timeout.count());
  pipeline_.Add(Command{"select pg_catalog.set_config('statement_timeout', $1, false)", {value}, true}, Duty::kSupport);
}

Task<Wake> ConnectionImpl::Drive(AnswerReader& reader, Deadline deadline) {
  for (;;) {
    // It may have something to say in answer.
    if (reader.Read(*wire_)) co_return reader.connection_ended() ? Wake::kFailed : Wake::kReady;
    if (!HasRoom()) {
      const Wake room = co_await MakeRoom(deadline);
      if (room != Wake::kReady) co_return room;
    }
    const bool sent = wire_->Flush();
    const auto state = co_await asio::this_coro::cancellation_state;
    if (WasCancelled(state)) co_return Wake::kCancelled;
    // While something is still to be sent the server may be blocked on sending to us: both directions are watched.
    const Interest interest = sent ? Interest::kRead : Interest::kReadOrWrite;
    Wake wake = Wake::kReady;
    if (!wire_->HasBufferedInput()) wake = co_await watch_.Wait(interest, deadline);
    if (wake != Wake::kReady) co_return wake;
    if (wire_->Receive()) continue;
    reader.Read(*wire_);
    co_return Wake::kFailed;
  }
}

// For what has come of the answer, which is copied as it grows, and for the message that has begun to come.
size_t ConnectionImpl::BytesWanted() const { return wire_->bytes_wanted() + 2 * pipeline_.bytes(); }

// How many rows will come is not known.
MemoryNeed ConnectionImpl::NeedOfAnswer() const {
  return 2 * pipeline_.bytes() > wire_->bytes_wanted() ? MemoryNeed::kGrows : MemoryNeed::kKnown;
}

bool ConnectionImpl::HasRoom() {
  const size_t wanted = BytesWanted();
  if (wanted <= kFreeBytes) {
    answer_memory_.Hold(0);
    return true;
  }
  if (!answer_memory_.TryHold(wanted, NeedOfAnswer())) return false;
  wire_->Reserve();
  return true;
}

// Nothing is read meanwhile, so that the server waits too.
Task<Wake> ConnectionImpl::MakeRoom(Deadline deadline) {
  const Result<void> room = co_await net::WaitForRoom(answer_memory_, BytesWanted(), deadline, NeedOfAnswer());
  if (room) {
    wire_->Reserve();
    co_return Wake::kReady;
  }
  switch (room.error().id()) {
    case ErrorId::kRequestDeadline:
      co_return Wake::kDeadline;
    case ErrorId::kRequestCancelled:
      co_return Wake::kCancelled;
    default:
      co_return Wake::kNoRoom;
  }
}

Error ConnectionImpl::NoRoom() const {
  const size_t wanted = BytesWanted();
  if (answer_memory_.CanNever(wanted)) {
    return Error(ErrorId::kHttpAnswerTooLarge, "the response is larger than http.memory_max allows")
        .WithHint("ask for fewer rows, or raise http.memory_max");
  }
  return NoRoomForIt();
}

Result<std::vector<Rows>> ConnectionImpl::Conclude(Exchange& exchange, Wake wake) {
  in_flight_ = false;
  if (exchange.leaves_traces && pooler_ != Pooler::kTransaction) needs_cleaning_ = true;
  if (exchange.ends_session && pooler_ == Pooler::kNone) is_spent_ = true;
  const bool is_swapped = wire_ && pipeline_.stopped_by_guard();
  const std::optional<Error> failure = is_swapped                 ? GiveUpOnPooler()
                                       : exchange.commits_write() ? JudgeWrite(wake)
                                                                  : Verdict(pipeline_, wake);
  answer_memory_.Hold(0);
  if (failure) return *failure;
  if (pooler_ == Pooler::kTransaction) exchange.session.reset();
  if (exchange.finish == Finish::kCommit && exchange.session) session_ = std::move(*exchange.session);
  if (exchange.finish == Finish::kHold) {
    held_ = true;
    held_session_ = std::move(exchange.session);
    held_writes_ = exchange.writes;
    held_runs_deferred_ = exchange.runs_deferred;
  }
  statements_.Trim();
  wire_->Shrink();
  return pipeline_.TakeRows();
}

Task<Result<void>> ConnectionImpl::End(bool commit, Deadline deadline) {
  if (!wire_ || in_flight_) {
    co_return Error(ErrorId::kDatabaseConnectionLost, "the connection to the database is closed");
  }
  PANDO_ASSERT(held_);
  std::optional<SessionState> session = std::exchange(held_session_, std::nullopt);
  const bool writes = std::exchange(held_writes_, false) && commit;
  Result<void> ended;
  if (writes) {
    ended = co_await CommitWrite(deadline);
  } else {
    ended = co_await RunText(commit ? "COMMIT" : "ROLLBACK", deadline);
  }
  held_ = false;
  if (ended && commit && session) session_ = std::move(*session);
  co_return ended;
}

Task<Result<void>> ConnectionImpl::Clean(Deadline deadline) {
  if (!usable()) co_return Error(ErrorId::kDatabaseConnectionLost, "the connection to the database is closed");
  if (clean_epoch_) epoch_seen_ = *clean_epoch_;
  erases_next_ = pooler_ == Pooler::kTransaction;
  if (erases_next_) co_return Result<void>();
  Result<void> cleaned = co_await RunText("DISCARD ALL", deadline);
  if (cleaned) {
    statements_.Clear();
    session_ = SessionState{};
    needs_cleaning_ = false;
    if (pooler_ == Pooler::kSession) cleaned = co_await SetKnown(deadline);
  }
  if (!cleaned) Break();
  co_return cleaned;
}

// The text of a COMMIT that is never stopped.
Task<Result<void>> ConnectionImpl::CommitWrite(Deadline deadline) {
  in_flight_ = true;
  pipeline_.Reset(*wire_);
  QueueEnd(held_runs_deferred_);
  pipeline_.AddText("COMMIT", Duty::kSupport);
  pipeline_.Sync(Duty::kSupport);
  const Wake wake = co_await Drive(pipeline_, deadline);
  if (NeedsRecovery(wake, Finish::kCommit, true)) {
    co_await WithoutCancellation();
    co_await RollBack();
    co_await WithCancellation();
  }
  in_flight_ = false;
  if (std::optional<Error> failure = JudgeWrite(wake)) co_return *failure;
  co_return Result<void>();
}

void ConnectionImpl::QueueEnd(bool runs_deferred) {
  wire_->ForgetUnconfirmed();
  if (runs_deferred) pipeline_.AddText("SET CONSTRAINTS ALL IMMEDIATE", Duty::kSupport);
  pipeline_.Add(EndOfWrite(), Duty::kEnd);
}

// One text in a segment of its own.
Task<Result<void>> ConnectionImpl::RunText(std::string_view sql, Deadline deadline) {
  in_flight_ = true;
  pipeline_.Reset(*wire_);
  pipeline_.AddText(sql, Duty::kSupport);
  pipeline_.Sync(Duty::kSupport);
  const Wake wake = co_await Drive(pipeline_, deadline);
  if (NeedsRecovery(wake, Finish::kCommit, false)) {
    co_await WithoutCancellation();
    co_await Recover(pipeline_, wake, Finish::kCommit);
    co_await WithCancellation();
  }
  in_flight_ = false;
  if (std::optional<Error> failure = Verdict(pipeline_, wake)) co_return *failure;
  co_return Result<void>();
}

}  // namespace pando::pg
