// ConnectOptions say how a connection to PostgreSQL is opened.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/memory_budget.h"
#include "pg/pooler.h"

namespace pando::pg {

struct ConnectOptions {
  std::string uri;  // postgres://... or key=value, libpq's own
  // Run-time settings of the start-up packet. REQUIRES: none where there is a pooler
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string application_name = "pando";
  uint32_t statements_max = 1000;  // prepared statements kept
  bool replication = false;        // logical replication, for a ReplicationSession
  Pooler pooler = Pooler::kNone;
  // Each exchange proves that the server process is still the one that the connection began with. So it does with
  // Pooler::kSession in any case.
  bool proves_process = false;
  // Counts up, on the connection's event loop, when nothing may be left of what ran before. Null: never.
  std::shared_ptr<const uint64_t> clean_epoch;
  // Bounds what answers hold on their way from the server; null: nothing does.
  std::shared_ptr<MemoryBudget> memory;
};

}  // namespace pando::pg
