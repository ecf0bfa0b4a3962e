// Chooses the function that a call means, by the names of its arguments (docs/rest.md section 19).
//
// Only those that the caller's role is shown are looked at.
//
// Concurrency  pure functions
#pragma once

#include <string_view>

#include "base/result.h"
#include "plan/plan.h"

namespace pando::plan {

//   kFunctionNotFound   none takes these arguments; hints at a similar one
//   kAmbiguousFunction  several do
Result<Call> FindFunction(const rest::Request& request, const catalog::Catalog& catalog, std::string_view role);

}  // namespace pando::plan
