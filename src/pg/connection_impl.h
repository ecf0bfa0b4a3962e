// The one implementation of Connection.
//
// Internal to pg/.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/connection.h"
#include "pg/connector.h"
#include "pg/pipeline.h"
#include "pg/pooler.h"
#include "pg/socket_watch.h"
#include "pg/statement_cache.h"
#include "pg/wire.h"

namespace pando::pg {

class ConnectionImpl final : public Connection {
 public:
  ConnectionImpl(net::Executor executor, Connected connected, const ConnectOptions& options);

  // False when the event loop refused the socket; the connection is broken then.
  bool Watch();
  // Makes sure of what ConnectOptions::pooler says, and sets what the start-up packet could not. As Open().
  Task<Result<void>> Begin(Deadline deadline);

  Task<Result<std::vector<Rows>>> Run(Exchange exchange, Deadline deadline) override;
  Task<Result<void>> End(bool commit, Deadline deadline) override;
  Task<Result<void>> Clean(Deadline deadline) override;
  Task<Result<void>> RunScript(std::string sql, Deadline deadline) override;
  Task<Result<Notification>> WaitNotification(Deadline deadline) override;

  bool needs_cleaning() const override { return needs_cleaning_; }
  bool is_spent() const override { return is_spent_; }
  std::optional<Error> broken_promise() const override { return broken_promise_; }
  size_t failed_command() const override { return pipeline_.answered(); }
  bool usable() const override;
  bool in_standby() const override { return wire_ && wire_->in_standby(); }
  bool alive() const override;
  int server_version() const override { return server_version_; }
  int backend_pid() const override { return backend_pid_; }
  const SessionState& session() const override { return session_; }
  size_t statements_prepared() const override { return statements_.size(); }

 private:
  std::optional<Error> RefuseToRun(const Exchange& exchange, Deadline deadline) const;
  void Queue(const Exchange& exchange);
  bool names_statements() const { return pooler_ != Pooler::kTransaction; }
  // Something has run here that must be forgotten (ConnectOptions::clean_epoch).
  bool is_outdated() const { return clean_epoch_ && *clean_epoch_ != epoch_seen_; }
  Task<Result<std::vector<Rows>>> RunClean(Exchange exchange, Deadline deadline);
  Task<Result<std::optional<int>>> AskServerProcess(Deadline deadline);
  void QueueRetired();
  void QueueGuard();
  void QueueLocal(const SessionState& wanted);
  void QueueErasure();
  void QueueEnd(bool runs_deferred);
  Task<Result<void>> SetKnown(Deadline deadline);
  Error GiveUpOnPooler();
  void QueueSwitch(const SessionState& wanted);
  void QueueTimeout(milliseconds timeout);

  // Sends what is queued and reads until nothing is owed. kFailed: the connection broke.
  Task<Wake> Drive(AnswerReader& reader, Deadline deadline);
  size_t BytesWanted() const;
  MemoryNeed NeedOfAnswer() const;
  bool HasRoom();
  Task<Wake> MakeRoom(Deadline deadline);
  Error NoRoom() const;
  // What is left to do after the conversation stopped early or left a transaction open.
  bool NeedsRecovery(Wake wake, Finish finish, bool commits) const;
  Task<void> Recover(AnswerReader& reader, Wake wake, Finish finish);
  Task<void> StopStatement(AnswerReader& reader);
  void QueueRollback(Pipeline& pipeline, Duty duty) const;
  Task<void> RollBack();
  void Break();

  Result<std::vector<Rows>> Conclude(Exchange& exchange, Wake wake);
  std::optional<Error> Verdict(const AnswerReader& reader, Wake wake);
  std::optional<Error> JudgeWrite(Wake wake);
  std::string WhyUnknown(Wake wake) const;
  Task<Result<void>> RunText(std::string_view sql, Deadline deadline);
  Task<Result<void>> CommitWrite(Deadline deadline);

  const std::optional<CancelTarget> cancel_target_;
  const int server_version_;
  const int backend_pid_;
  std::unique_ptr<Wire> wire_;  // null: broken
  SocketWatch watch_;           // dies before the wire closes the socket
  StatementCache statements_;
  const Pooler pooler_;
  const bool proves_process_;
  std::optional<int> lent_pid_;  // the server process that the pooler lends
  std::string mark_;             // that its session bears; empty: none
  std::optional<Error> broken_promise_;
  bool needs_cleaning_ = false;
  bool is_spent_ = false;
  bool erases_next_ = false;  // behind a pooler that lends transactions: what was left before it was known to be
  const std::shared_ptr<const uint64_t> clean_epoch_;  // null: nothing has to be forgotten
  uint64_t epoch_seen_;
  Pipeline pipeline_;
  MemoryCharge answer_memory_;
  SessionState session_;
  std::optional<SessionState> held_session_;  // becomes session_ if the held transaction commits
  bool held_ = false;
  bool held_writes_ = false;
  bool held_runs_deferred_ = false;
  bool in_flight_ = false;  // stays true when a coroutine is destroyed in the middle: nobody knows what is owed then
};

// kPooler: there is one, and nobody said so.
Error PoolerFound();

// Cancellation is off while a connection is brought back into order: the coroutine may be cancelled already, and every
// wait would return at once.
inline auto WithoutCancellation() {
  return boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
}
// Back to what co_spawn starts with. A cancellation that came is not repeated: the Error has told the caller.
inline auto WithCancellation() {
  return boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
}

}  // namespace pando::pg
