// The Execution runs the statement of a request and reads its rows: together with other requests where that is safe and
// quick, else in a session of its own; once more where a failure is not the client's business.
//
// Concurrency  executor-bound: one Execution per event loop
// Ownership    what is in Deps outlives it
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/memory_budget.h"
#include "base/result.h"
#include "net/task.h"
#include "net/worker.h"
#include "serve/answer.h"
#include "serve/database.h"
#include "serve/exchange_plan.h"
#include "serve/long_work.h"
#include "serve/print_memory.h"
#include "serve/request_state.h"
#include "serve/row_printer.h"
#include "serve/settings.h"

namespace pando::serve {

// What came of a statement. A write is committed, but for one that was to be rolled back.
struct Executed {
  Printed printed = Printed::kYes;
  Outcome outcome;  // of kYes
  pg::Rows rows;    // of kYes: what `outcome` was read from
};

class Execution {
 public:
  struct Deps {
    Database& database;
    net::Worker& worker;  // for rows that are too long for an event loop
    PrintMemory& print_memory;
    std::shared_ptr<MemoryBudget> memory = nullptr;  // of answers; null: unbounded
  };
  explicit Execution(Deps deps) : deps_(std::move(deps)) {}

  // Fills `executed`, which is new. Also checks what must hold of the outcome, before a write is committed
  // (CheckOutcome()). Sets `state.bracket` where the answer is to be stored.
  //   kWriteUnknown        the write may have been done, or was done and its answer could not be read
  //   kRequestDeadline     the deadline passed; nothing was written
  //   kPreconditionFailed  If-Match or If-None-Match does not hold
  //   as pg::Connection::Run(), pg::Pool::Acquire(), CheckOutcome()
  // REQUIRES: state.shape
  Task<Result<void>> Run(RequestState& state, Executed& executed);
  // The same in a session of its own.
  Task<Result<void>> RunAlone(RequestState& state, Executed& executed);

 private:
  Task<Result<void>> RunOnce(RequestState& state, Executed& executed);
  Task<Result<void>> Finish(RequestState& state, Session& session, const ExchangePlan& plan,
                            std::vector<pg::Rows>& rows, Executed& executed);
  Task<Result<void>> ReadLong(RequestState& state, Executed& executed);
  Result<void> ReadShort(RequestState& state, Executed& executed);
  void NotePrinted(const RequestState& state, const Executed& executed) const;

  const Deps deps_;
  RowPrinter printer_;
};

// Which lane a request may travel in; nullopt: none.
std::optional<Database::Lane> LaneOf(const RequestState& state);

}  // namespace pando::serve
