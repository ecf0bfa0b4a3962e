// Runs a helper program (initdb, postgres --version) to its end.
//
// Concurrency  thread-safe; blocks the caller, so for start-up only
#pragma once

#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "embedded/account.h"
#include "embedded/stop_check.h"

namespace pando::embedded {

struct ProgramResult {
  int exit_code = 0;   // 128 + the signal that ended it
  std::string output;  // standard output and error together, the last 64 KiB
};

// What every PostgreSQL program is started with: a fixed locale, and nothing of ours (PGDATA, PGPORT, secrets).
std::vector<std::string> ProgramEnvironment(const Account& account);

// `arguments[0]` is the absolute path. Runs as `account`, in "/", with standard input empty. Killed at the deadline,
// or when `stop` asks.
//   kEmbeddedStart  cannot be started, or did not end in time
Result<ProgramResult> RunProgram(const std::vector<std::string>& arguments, const Account& account, Deadline deadline,
                                 const StopCheck& stop = {});

}  // namespace pando::embedded
