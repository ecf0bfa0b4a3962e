// Chooses the function that a call means, by the names of its arguments (REST.md section 19, finding the function).
//
// Concurrency  pure functions
#pragma once

#include "base/result.h"
#include "plan/plan.h"

namespace pando::plan {

//   kFunctionNotFound   none takes these arguments; hints at a similar one
//   kAmbiguousFunction  several do
Result<Call> FindFunction(const rest::Request& request, const catalog::Catalog& catalog);

}  // namespace pando::plan
