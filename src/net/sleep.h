// Waiting for a point in time.
#pragma once

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"

namespace pando::net {

// Returns when `until` has passed.
//   kRequestCancelled  the task was cancelled while it slept
Task<Result<void>> SleepUntil(Deadline until);
Task<Result<void>> SleepFor(Clock::duration span);

}  // namespace pando::net
