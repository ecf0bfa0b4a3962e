// Queueing commands into libpq's pipeline, and reading what the server answers.
//
// Internal to pg/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "pg/connection.h"
#include "pg/pq.h"
#include "pg/rows.h"
#include "pg/statement_cache.h"

namespace pando::pg {

// Takes results as they arrive.
class ResultReader {
 public:
  virtual ~ResultReader() = default;
  // Takes what is there. True when nothing more is owed, or when the connection has ended (connection_ended()).
  virtual bool Read(PGconn* connection) = 0;

  // The first error that counts.
  const std::optional<Error>& error() const { return error_; }
  // The server ends the connection, or the conversation cannot be followed any more.
  bool connection_ended() const { return connection_ended_; }
  // Bytes of the largest result: libpq keeps buffers of that size.
  size_t result_bytes_max() const { return result_bytes_max_; }

 protected:
  void ResetReader();
  void TakeError(const PGresult* result);
  void LoseTrack(const char* what);

  std::optional<Error> error_;
  bool connection_ended_ = false;
  size_t result_bytes_max_ = 0;
};

// What a queued message is for.
enum class Duty : uint8_t {
  kAnswer,   // its rows are part of the answer
  kSupport,  // its rows are not, but its failure is a failure of the exchange
  kAside,    // stands in a segment of its own; its failure does not matter
};

// One flush: segments of messages, each ended by a Sync. A failed message takes the rest of its segment with it.
class Pipeline final : public ResultReader {
 public:
  explicit Pipeline(StatementCache& statements) : statements_(statements) {}

  // Forgets the flush before. With `on_rows`, which outlives the flush, rows go there rather than to TakeRows().
  // REQUIRES: nothing is owed.
  void Reset(PGconn* connection, const OnRows* on_rows = nullptr);

  void Add(const Command& command, Duty duty);
  void AddText(const char* sql, Duty duty);
  void Sync(Duty duty);
  // False when libpq could not queue something (memory); what was queued then must not be read but abandoned.
  bool queued() const { return queued_; }

  bool Read(PGconn* connection) override;

  // Commands of kAnswer that have their rows.
  size_t answered() const { return answered_; }
  std::vector<Rows> TakeRows() { return std::exchange(rows_, {}); }

  // The error was that the server does not know the prepared statement, or that its result type changed. Sees to it
  // that it is prepared anew. REQUIRES: everything was read.
  bool DropStaleStatement();

 private:
  enum class Kind : uint8_t { kParse, kExecute, kSync };
  struct Step {
    Kind kind;
    Duty duty;
    bool answered = false;
    StatementCache::Statement* statement = nullptr;  // parsed or executed; null for an unnamed one
  };
  enum class Stale : uint8_t { kNo, kUnknownToServer, kResultTypeChanged };

  StatementCache::Statement* Prepare(const std::string& sql, Duty duty);
  void Take(PqResultHandle result, Step& step);
  bool ReadMore(PGconn* connection);
  void TakeFailure(const PGresult* result, Step& step);
  bool EndOfStep(Step& step);

  StatementCache& statements_;
  PGconn* connection_ = nullptr;
  std::vector<Step> steps_;
  size_t next_ = 0;
  std::vector<const char*> values_;  // scratch
  const OnRows* on_rows_ = nullptr;
  size_t answered_ = 0;
  std::vector<Rows> rows_;
  StatementCache::Statement* failed_ = nullptr;
  Stale stale_ = Stale::kNo;
  bool queued_ = true;
};

// The results of a text of many statements, sent outside of pipeline mode. Rows are dropped.
class ScriptReader final : public ResultReader {
 public:
  explicit ScriptReader(const std::string& script) : script_(script) {}
  bool Read(PGconn* connection) override;

 private:
  void TakeScriptError(const PGresult* result);
  const std::string& script_;
};

}  // namespace pando::pg
