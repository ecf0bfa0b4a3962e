// The serving process: builds its parts in order, runs until told to stop, takes them down in reverse.
//
//   front (admin port, signals) ─► database ─► catalog ─► verifier ─► for each loop: pool ─► pipeline ─► HTTP server
//
// Concurrency  Serve() blocks its thread, which becomes the control loop: reloads, the catalog, metrics
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

// Serves until SIGTERM or SIGINT, then drains; returns when everything is down. Either signal also ends the start.
//   an Error of the start: configuration, embedded PostgreSQL, listeners
//   kEmbeddedStart  the embedded PostgreSQL is gone for good
Result<void> Serve(ProgramOptions& options, config::Registry& registry, ServeDeps deps);

}  // namespace pando::server
