// ErrorAnswers renders the error of a request as its answer, with a hint where one helps, and logs what an operator
// should know.
//
// Concurrency  executor-bound: one ErrorAnswers per event loop
// Bounds       kToldMax privileges are logged
#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "base/error.h"
#include "serve/request_state.h"

namespace pando::serve {

class ErrorAnswers {
 public:
  static constexpr size_t kToldMax = 200;

  // Replaces state.response.
  void Render(RequestState& state, const Error& error);

 private:
  Error WithHints(const RequestState& state, const Error& error);
  void LogMissing(const RequestState& state, const std::string& missing);

  std::set<std::string> told_;  // missing privileges that the log has
};

}  // namespace pando::serve
