#include "server/loop_parts.h"

#include <algorithm>
#include <chrono>

namespace pando::server {

void LoopParts::Resize(ConnectionShare share) {
  if (lane_pool) {
    lane_pool->Resize(std::max(1u, share.lane));
    pool->Resize(share.alone);
  } else {
    pool->Resize(share.alone + share.lane);
  }
}

Task<void> LoopParts::Close() {
  const Deadline grace = Deadline::After(std::chrono::seconds(1));
  co_await pool->Close(grace);
  if (lane_pool) co_await lane_pool->Close(grace);
  co_await key_lane->Close();
  co_await quick_lane->Close();
  co_await write_lane->Close();
  server.reset();
  handler.reset();
  database.reset();
  key_lane.reset();
  quick_lane.reset();
  write_lane.reset();
  lane_pool.reset();
  pool.reset();
}

}  // namespace pando::server
