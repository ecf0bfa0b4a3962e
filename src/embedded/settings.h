// The configuration of the private PostgreSQL, sized to the machine.
//
// Concurrency  pure functions, but for MeasureMachine()
#pragma once

#include <string>

#include "base/option.h"

namespace pando::embedded {

struct Machine {
  Bytes memory;
  uint32_t cores = 1;
};

// What this process may use: the machine, or less when a control group limits the memory.
Machine MeasureMachine();

// The text of pando.conf. PostgreSQL shares the machine with Pando: a quarter of
// the memory for its buffers, and no more connections than the cores can serve well.
std::string ServerSettings(const Machine& machine);

// The text of postgresql.conf, written once: includes pando.conf, leaves the rest to whoever runs this.
std::string UserSettings();

// The text of pg_hba.conf: whoever can enter the folder of the socket, which is closed to all but the account and
// root, may connect as any role. There is no TCP.
std::string AccessRules();

}  // namespace pando::embedded
