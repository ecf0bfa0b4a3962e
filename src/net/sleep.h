// Waiting for a point in time, or for memory.
#pragma once

#include "base/deadline.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "net/task.h"

namespace pando::net {

// Returns when `until` has passed.
//   kRequestCancelled  the task was cancelled while it slept
Task<Result<void>> SleepUntil(Deadline until);
Task<Result<void>> SleepFor(Clock::duration span);

// Has `charge`, which outlives the wait, hold `bytes` in all: at once, or when others give memory back.
//   kHttpOverloaded    there was no room for five seconds, or never can be; counted as a refusal
//   kRequestDeadline, kRequestCancelled
Task<Result<void>> WaitForRoom(MemoryCharge& charge, uint64_t bytes, Deadline deadline,
                               MemoryNeed need = MemoryNeed::kKnown);

}  // namespace pando::net
