// How the connections that the process may hold are divided: among its event loops, and on each between the lane, whose
// cheap reads share them, and everything that takes one for itself. Slow statements then hold up each other, and never
// the cheap ones.
//
// Concurrency  pure functions
#pragma once

#include <cstdint>

namespace pando::server {

// `total` divided among `loops`: the part of the loop `index`, at least 1.
uint32_t PartOf(uint32_t total, uint32_t loops, uint32_t index);

struct ConnectionShare {
  uint32_t alone = 1;  // lent to one request at a time
  uint32_t lane = 0;   // 0: too few to set any apart; the lane takes from the others
};

// REQUIRES: connections > 0
ConnectionShare Divide(uint32_t connections);

}  // namespace pando::server
