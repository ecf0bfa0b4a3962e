// Chooses the form of the answer among those the request accepts (docs/rest.md section 22).
//
// Concurrency  pure functions
#pragma once

#include "base/result.h"
#include "plan/plan.h"

namespace pando::plan {

//   kNoMediaType  none of the accepted types can be produced
// REQUIRES: plan.read and plan.call are set already.
Result<Media> ChooseMedia(const rest::Request& request, const Plan& plan, const PlanOptions& options);

}  // namespace pando::plan
