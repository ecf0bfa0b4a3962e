// Writes a Plan as one SQL statement with bound parameters. No value is ever spliced into the text; a name is the
// catalog's own or quoted; a type is the catalog's own spelling. Requests of one shape give one text, so that it is
// prepared once.
//
// Concurrency  pure functions
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace pando::sql {

using Parameter = std::optional<std::string>;

struct Query {
  std::string sql;
  std::vector<Parameter> parameters;
};

// Where the one result row holds what; -1 when the statement does not yield it.
struct ResultShape {
  // Instead of all that: the answer's rows themselves, for the server to print as JSON (sql/flat.h).
  bool flat = false;
  int page = -1;      // rows in the answer
  int body = -1;      // the answer's text
  int total = -1;     // rows without the window
  int affected = -1;  // rows of the write or call, whether the answer shows them or not
  int location = -1;  // JSON array of the key's values as text
  int inserted = -1;  // of an upsert: rows that were new
  int headers = -1;   // the settings response.headers and response.status, after the statement
  int status = -1;
  bool explain = false;  // instead of all that: lines of a plan
};

struct Statement {
  Query query;
  ResultShape shape;
  // EXPLAIN (FORMAT JSON) of the rows without the window, for planned and estimated counts.
  std::optional<Query> estimate;
};

// An expression for the select list of a call: what was called may have set another encoding for its transaction, and
// rows are sent, and parameters read, in the one that is set then. A row is sent when its whole select list is
// evaluated.
constexpr std::string_view kRestoreEncoding =
    "CASE WHEN pg_catalog.current_setting('client_encoding') <> 'UTF8' "
    "THEN pg_catalog.set_config('client_encoding', 'UTF8', true) END";

struct WriteOptions {
  bool response_settings = false;  // what runs may set something: yield response.headers and response.status
  bool body = true;                // false for HEAD: counts only
  bool flat = true;                // where IsFlat(): plain rows; false has the database print them
};

// REQUIRES: `payload` is the one the plan was made with.
Statement WriteStatement(const plan::Plan& plan, const rest::Payload& payload, const WriteOptions& options);

}  // namespace pando::sql
