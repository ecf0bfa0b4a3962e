// A Shape is everything of a request that the values of its filters do not decide: parsed, planned, written as SQL, and
// what it asks of a connection. Requests of one shape differ in their parameters alone.
//
// Concurrency  immutable once made
// Ownership    keeps its Catalog alive (Plan::catalog)
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "dependencies/rule.h"
#include "http/message.h"
#include "pg/exchange.h"
#include "plan/plan.h"
#include "rest/request.h"
#include "serve/config.h"
#include "serve/http_caching.h"
#include "sql/statement.h"

namespace pando::serve {

// Whether a request may travel with others: it sees what it is shown, leaves nothing, and is cheap.
enum class Sharing {
  kNever,
  kWhenQuick,  // as long as its Pace says so
  kAlways,     // it names one row
};

// What one request asks of a connection, decided before one is taken.
struct Demand {
  bool all_settings = false;  // every setting of the request must be made
  // Else these, on a connection that has `session`.
  catalog::Observed observed = catalog::Observed::kNothing;
  bool unclean = false;  // something unknown runs
  bool lasts = false;    // what it leaves stays as long as the session
  bool prepared = true;  // a plan of it may be kept
  Sharing sharing = Sharing::kNever;
  std::optional<pg::SessionState> session;  // its statement_timeout is the limit of the role
  pg::Finish finish = pg::Finish::kCommit;
  bool repeatable_read = false;  // at least
  bool writes = false;           // and its effect stays
  bool runs_deferred = false;    // pg::Exchange::runs_deferred
};

struct Shape {
  rest::Request request;
  plan::Plan plan;
  sql::Statement statement;  // its parameters are those of the request that it was made from
  pg::SqlText sql;           // of statement.query
  Demand demand;
  uint64_t print_key = 0;  // of a flat statement: for PrintMemory
  std::string route;       // for the observer: the resource, known to exist
  Freshness freshness;
  // Of a remembered shape.
  dependencies::AnswerRule cache;
};

// Who prints the rows of a flat answer as JSON (sql/flat.h).
enum class Printer { kServer, kDatabase };

//   as rest::ParseRequest
Result<rest::Request> ParseHttp(const http::Request& request, std::string_view query, const Config& config);
// The same without the body, which is not there yet.
Result<rest::Request> ParseHead(const http::Request& request, const Config& config);
// As rest::SchemaNamed().
const std::string& SchemaNamed(const http::Request& request, const Config& config);
// The GET of what a write with conditions is about: the same target and media type, in the same schema.
//   as rest::ParseRequest
Result<rest::Request> ParseCurrent(const http::Request& write, const rest::Request& parsed, const Config& config);

//   as plan::MakePlan
// REQUIRES: config.catalog is set; the request is one that plan::MakePlan takes.
Result<Shape> MakeShape(rest::Request request, const Config& config, const std::string& role, Printer printer);

}  // namespace pando::serve
