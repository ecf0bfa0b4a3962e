// The serving process: builds its parts in order, runs until told to stop, takes them down in reverse.
//
//   database ─► catalog ─► verifier ─► for each loop: pool ─► pipeline ─► HTTP server          admin server, signals
//
// Concurrency  Run() blocks its thread, which is the control loop: signals, admin, the catalog
#pragma once

#include <functional>

#include "base/result.h"
#include "config/registry.h"
#include "server/program_options.h"

namespace pando::server {

struct ServeDeps {
  // Reads the configuration's sources again, for SIGHUP.
  std::function<Result<config::Sources>()> read_sources;
};

// Serves until SIGTERM or SIGINT, then drains; returns when everything is down.
//   an Error of the start: configuration, embedded PostgreSQL, listeners
Result<void> Serve(ProgramOptions& options, config::Registry& registry, ServeDeps deps);

}  // namespace pando::server
