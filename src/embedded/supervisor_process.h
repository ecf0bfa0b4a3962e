// The process between Pando and its postmaster. Pando may be killed at any instant and then cannot stop anything, so
// this small one does: it holds a pipe whose other end only Pando has, and when that end is gone, so is Pando.
//
// PR_SET_PDEATHSIG on the postmaster alone would not do: setuid clears it, it follows the thread that forked rather
// than the process, and it sends one signal where a stop may need three. It guards the other flank: this process has
// one thread and has already become the account, so that a postmaster whose supervisor is killed gets SIGQUIT.
//
// Concurrency  runs in a forked child of a process that may have threads: async-signal-safe calls only
#pragma once

#include <sys/types.h>
#include <cstdint>

#include "embedded/account.h"

namespace pando::embedded {

// Pando to supervisor, one byte each.
enum class Order : char {
  kKeepRunning = 'r',  // from now on start the postmaster again when it ends by itself
  kStopFast = 's',     // end sessions, write a checkpoint
  kStopImmediate = 'i',
  kStopKill = 'k',
};

// Supervisor to Pando.
struct Report {
  enum class Kind : int32_t {
    kStarted,  // value: pid of the postmaster
    kExited,   // value: its wait status
    kEnded,    // the supervisor itself is gone: it was told to stop, gave up, or was killed; said by Pando's side
  };
  Kind kind;
  int32_t value;
};

struct SupervisorContext {
  const Account* account;
  char* const* arguments;  // of the postmaster
  char* const* environment;
  int orders;   // read end
  int reports;  // write end
  int log;      // standard output and error of the postmaster
};

// Never returns: ends with the postmaster.
[[noreturn]] void RunSupervisor(const SupervisorContext& context);

}  // namespace pando::embedded
