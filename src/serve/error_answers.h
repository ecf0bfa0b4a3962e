// ErrorAnswers renders the error of a request as its answer, with a hint where one helps, and logs what an operator
// should know.
//
// Concurrency  executor-bound: one ErrorAnswers per event loop
// Ownership    the Database and the DeniedLog outlive it
// Bounds       questions as GrantInquiries
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "net/task.h"
#include "serve/database.h"
#include "serve/denied_log.h"
#include "serve/grant_inquiries.h"
#include "serve/missing_grant.h"
#include "serve/request_state.h"

namespace pando::serve {

class ErrorAnswers {
 public:
  ErrorAnswers(Database& database, DeniedLog& log) : database_(database), log_(log) {}

  // Replaces state.response. nullopt: it is done; else the task does it, for which the database is asked whether the
  // privilege that the hint would name is missing. Whatever comes of the question, the answer's status is the error's.
  // REQUIRES: `state` lives until then
  std::optional<Task<void>> Render(RequestState& state, const Error& error);

 private:
  std::optional<Task<void>> RenderDenial(RequestState& state, const Error& error, Denial denial);
  Task<void> Ask(RequestState& state, Error error, Denial denial, std::string refusal);
  // The answer to denial.question; nullopt: there is none.
  Task<std::optional<std::string>> Query(const RequestState& state, const Denial& denial);
  void Tell(RequestState& state, const Error& error, const std::string& missing);

  Database& database_;
  DeniedLog& log_;
  GrantInquiries inquiries_;  // on the executor
};

}  // namespace pando::serve
