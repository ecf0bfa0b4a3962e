// ConnectOptions say how a connection to PostgreSQL is opened.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pando::pg {

struct ConnectOptions {
  std::string uri;                                              // postgres://... or key=value, libpq's own
  std::vector<std::pair<std::string, std::string>> parameters;  // run-time settings of the start-up packet
  std::string application_name = "pando";
  uint32_t statements_max = 1000;  // prepared statements kept
  bool replication = false;        // logical replication, for a ReplicationSession
  // Counts up, on the connection's event loop, when statements that were prepared before may not run any more. Null:
  // never.
  std::shared_ptr<const uint64_t> statements_epoch;
};

}  // namespace pando::pg
