// Queueing commands for the server, and reading what it answers (PostgreSQL documentation 55.2).
//
// Internal to pg/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "pg/exchange.h"
#include "pg/message.h"
#include "pg/rows.h"
#include "pg/statement_cache.h"
#include "pg/wire.h"

namespace pando::pg {

// Takes answers as they arrive.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  // Takes what is there. True when nothing more is owed, or when the connection has ended (connection_ended()).
  virtual bool Read(Wire& wire) = 0;

  // The first error that counts.
  const std::optional<Error>& error() const { return error_; }
  // The server ends the connection, or the conversation cannot be followed any more.
  bool connection_ended() const { return connection_ended_; }

 protected:
  void ResetReader();
  void TakeError(const ErrorFields& fields);
  void LoseTrack(const char* what);

  std::optional<Error> error_;
  bool connection_ended_ = false;
};

// What a queued message is for.
enum class Duty : uint8_t {
  kAnswer,   // its rows are part of the answer
  kSupport,  // its rows are not, but its failure is a failure of the exchange
  kGuard,    // likewise; it fails when the server process is not the one that it was
  kEnd,      // likewise; its second column says whether the server is in recovery
  kAside,    // stands in a segment of its own; its failure does not matter
};

// One flush: segments of steps, each ended by a Sync. A failed step takes the rest of its segment with it.
class Pipeline final : public AnswerReader {
 public:
  // `names_statements`: those that are to be prepared may be kept on the server.
  Pipeline(StatementCache& statements, bool names_statements)
      : statements_(statements), names_statements_(names_statements) {}

  // Forgets the flush before and queues into `wire`, which outlives the flush as `on_rows` does: with that, rows go
  // there rather than to TakeRows(). REQUIRES: nothing is owed.
  void Reset(Wire& wire, const OnRows* on_rows = nullptr);

  void Add(const Command& command, Duty duty);
  void AddText(std::string_view sql, Duty duty);
  void Sync(Duty duty);

  bool Read(Wire& wire) override;

  // Memory of the rows that were not taken yet.
  size_t bytes() const { return rows_bytes_ + builder_.bytes(); }
  // Commands of kAnswer that have their rows.
  size_t answered() const { return answered_; }
  std::vector<Rows> TakeRows() {
    rows_bytes_ = 0;
    return std::exchange(rows_, {});
  }

  // The error was that a statement of kSupport was stopped: no command has run.
  bool stopped_in_support() const { return stopped_in_support_ && !connection_ended_; }

  // The command of kEnd said so.
  bool in_recovery() const { return in_recovery_; }
  // The server said that it ends the connection before it came to a Sync: nothing is committed.
  bool ended_before_sync() const { return ended_before_sync_; }

  // The error was that of a command of kGuard: none of the others has run.
  bool stopped_by_guard() const { return stopped_by_guard_; }

  // The error was that the server does not know the prepared statement, or that its result type changed. Sees to it
  // that it is prepared anew. REQUIRES: everything was read.
  bool DropStaleStatement();

 private:
  using Statement = StatementCache::Statement;
  enum class Kind : uint8_t {
    kPrepare,  // Parse and Describe of a named statement
    kExecute,  // Bind and Execute; of an unnamed statement with Parse before and Describe between
    kSync,
  };
  struct Step {
    Kind kind;
    Duty duty;
    Statement* statement = nullptr;                       // prepared or executed; null for an unnamed one
    std::shared_ptr<const RowColumns> columns = nullptr;  // as the rows were asked for, where that is known
  };
  enum class Stale : uint8_t { kNo, kUnknownToServer, kResultTypeChanged };

  Statement* Prepare(const SqlText& sql, Duty duty);
  void ReadMore(Wire& wire);
  void Take(const Message& message);
  void TakeColumns(Step& step, std::string_view body);
  void EndRows(const Step& step, std::string_view tag);
  void TakeFailure(const ErrorFields& fields);
  void SkipSegment();
  void NoteStale(const ErrorFields& fields, Statement* statement);

  StatementCache& statements_;
  const bool names_statements_;
  Wire* wire_ = nullptr;
  std::vector<Step> steps_;
  size_t next_ = 0;
  const OnRows* on_rows_ = nullptr;
  size_t answered_ = 0;
  RowsBuilder builder_;  // of the step at next_
  std::vector<Rows> rows_;
  size_t rows_bytes_ = 0;
  Statement* failed_ = nullptr;
  Stale stale_ = Stale::kNo;
  bool stopped_in_support_ = false;
  bool stopped_by_guard_ = false;
  bool in_recovery_ = false;
  bool ended_before_sync_ = false;
};

// The answers to a text of many statements (simple query protocol). Rows are dropped.
class ScriptReader final : public AnswerReader {
 public:
  explicit ScriptReader(const std::string& script) : script_(script) {}
  bool Read(Wire& wire) override;

 private:
  void TakeScriptError(const ErrorFields& fields);
  const std::string& script_;
};

}  // namespace pando::pg
