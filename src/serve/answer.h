// The one result row of a statement as an HTTP response: status, ranges, preferences, location, and what functions set.
//
// Concurrency  pure functions
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "http/message.h"
#include "pg/rows.h"
#include "plan/plan.h"
#include "serve/row_printer.h"
#include "sql/statement.h"

namespace pando::serve {

// The result row, decoded.
struct Outcome {
  int64_t page = 0;                 // rows in the answer
  std::optional<int64_t> total;     // rows without the window, when counted
  std::optional<int64_t> affected;  // rows of the write or call, when they are counted apart from the page
  std::optional<int64_t> inserted;  // of an upsert
  std::string body;
  std::vector<std::optional<std::string>> location;  // the key's values
  std::optional<std::string> headers_setting, status_setting;
};

// Fills `outcome`, which is new, as does PrintOutcome().
//   kProtocol  the row is not what the shape says
// REQUIRES: !shape.flat
Result<void> ReadOutcome(const pg::Rows& rows, const sql::ResultShape& shape, Outcome& outcome);
// The same of rows that are the answer. False: they hold a value that only the database can print as JSON (a column's
// type has changed, a role has a DateStyle of its own), so that the statement must be written without `flat`.
// REQUIRES: the plan's statement was flat
bool PrintOutcome(const pg::Rows& rows, const plan::Plan& plan, RowPrinter& printer, RowKeys* keys, Outcome& outcome);
// The row estimate of EXPLAIN (FORMAT JSON).
Result<int64_t> ReadEstimate(const pg::Rows& rows);

// What must hold of the outcome, or the transaction is rolled back.
//   kNotSingular, kMaxAffectedExceeded, kPutKeyMismatch
Result<void> CheckOutcome(const Outcome& outcome, const rest::Request& request, const plan::Plan& plan);
// True when CheckOutcome() can fail for a reason that must undo a write.
bool NeedsCheck(const rest::Request& request, const plan::Plan& plan);

struct AnswerOptions {
  const std::string& prefix;     // rest.prefix without a trailing slash; empty for "/"
  const std::string& canonical;  // the query string, as rest::Query has it
  bool tx_override_allowed = false;
  bool minimal_errors = false;
};

// Fills `response`, which is new; after an Error it holds a part. Takes the body out of `outcome`.
//   kResponseHeadersSetting, kResponseStatusSetting
Result<void> MakeAnswer(Outcome& outcome, const rest::Request& request, const plan::Plan& plan,
                        const AnswerOptions& options, http::Response& response);

}  // namespace pando::serve
