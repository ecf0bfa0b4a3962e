// Builds the graph of what runs what from the system catalogs.
//
// Concurrency  pure
#pragma once

#include "introspect/footprint_graph.h"
#include "introspect/queries.h"

namespace pando::introspect {

// Propagated. `server_version` as PQserverVersion() gives it. Costs time linear in the answers' size.
FootprintGraph ReadFootprints(const Answers& answers, int server_version);

}  // namespace pando::introspect
