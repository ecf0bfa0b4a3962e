#include "server/loop_parts.h"

#include <chrono>

namespace pando::server {

Task<void> LoopParts::Close() {
  const Deadline grace = Deadline::After(std::chrono::seconds(1));
  co_await target->Close(grace);
  server.reset();
  handler.reset();
  database.reset();
  target.reset();
}

}  // namespace pando::server
