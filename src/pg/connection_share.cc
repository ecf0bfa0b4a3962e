#include "pg/connection_share.h"

#include <algorithm>

namespace pando::pg {
namespace {

// One batch of a lane is under way at a time; from here on a second one may start beside it when it would be full.
constexpr uint32_t kConnectionsForTwoBatches = 6;

}  // namespace

uint32_t PartOf(uint32_t total, uint32_t loops, uint32_t index) {
  return std::max(1u, total / loops + (index < total % loops ? 1 : 0));
}

ConnectionShare Divide(uint32_t connections) {
  ConnectionShare share;
  share.lane = connections >= kConnectionsForTwoBatches ? 2 : connections >= 2 ? 1 : 0;
  share.alone = connections - share.lane;
  return share;
}

}  // namespace pando::pg
