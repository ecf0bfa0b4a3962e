// ConnectOptions say how a connection to PostgreSQL is opened.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/memory_budget.h"
#include "base/result.h"
#include "pg/pooler.h"

namespace pando::net {
class Resolver;
}

namespace pando::pg {

struct ConnectOptions {
  // postgres://... or key=value, libpq's own, with any number of hosts: see pg/connector.h.
  std::string uri;
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
  // Looks host names up; null: that of the process. Outlives every attempt to connect.
  net::Resolver* resolver = nullptr;
};

// Whether anything can be connected to by such a string; connects to nothing.
//   kConfigInvalid  it cannot be parsed, its lists of hosts and ports do not fit each other, or its
//   target_session_attrs
//                   is neither any nor read-write
Result<void> CheckUri(const std::string& uri);

}  // namespace pando::pg
