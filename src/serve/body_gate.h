// The BodyGate decides, before a long body is read, whether its caller may send it and whether anything would look at
// it.
//
// Concurrency  executor-bound: one BodyGate per event loop
// Ownership    the Database outlives it
#pragma once

#include "base/result.h"
#include "net/task.h"
#include "serve/database.h"
#include "serve/request_state.h"

namespace pando::serve {

class BodyGate {
 public:
  explicit BodyGate(Database& database) : database_(database) {}

  // Asks the database only whether the role holds the privilege at all; the statement decides in the end. With
  // rest.pre_request, which may change the role, nothing is asked.
  //   kHttpBodyTooLarge  nothing would look at the body
  //   kSqlstate          42501
  //   as rest::ParseRequest and plan::FindNamed
  // REQUIRES: state.principal
  Task<Result<void>> Admit(RequestState& state);

 private:
  Task<Result<void>> CheckPrivilege(const RequestState& state, const rest::Request& request, const plan::Named& named);

  Database& database_;
};

}  // namespace pando::serve
