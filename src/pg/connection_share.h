// Divides the connections that a process may hold: among its event loops, and on each loop between the lane for reads
// by key and all other requests. So slow statements hold up each other, and never the cheap ones.
//
// Concurrency  pure functions
#pragma once

#include <cstdint>

namespace pando::pg {

// `total` divided among `loops`: the part of the loop `index`, at least 1.
uint32_t PartOf(uint32_t total, uint32_t loops, uint32_t index);

struct ConnectionShare {
  uint32_t alone = 1;  // lent to one request at a time
  uint32_t lane = 0;   // 0: too few to set any apart; the lane takes from the others
};

// REQUIRES: connections > 0
ConnectionShare Divide(uint32_t connections);

}  // namespace pando::pg
