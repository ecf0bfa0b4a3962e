// The admin port's routes, for an http::Server of its own. GET and HEAD only:
//
//   /livez     200 as long as the process answers at all: restart it when this fails
//   /readyz    200 when it should get requests, 503 when not: take it out of the load balancer. What does not work is
//              listed, with the reasons; some of it only degrades the server, which then stays ready
//   /metrics   Prometheus text format
//   /config    the effective configuration as JSON, secrets masked
//   /cache     what is kept in the cache, as JSON: the largest, the hottest, the most often invalidated
//
// Concurrency  Answer() calls the source of its path where it is called itself; no source may block
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/server.h"

namespace pando::admin {

// One part of the server: "catalog" is not ok, "not loaded yet".
struct Check {
  // What it means when it is not ok.
  enum class Weight : uint8_t {
    kDecides,   // the server is not ready
    kDegrades,  // it is, and something does not work
  };
  std::string name;
  bool ok = false;
  std::string detail;  // why not; shown to whoever reaches the port, so without secrets
  Weight weight = Weight::kDecides;
};

struct Sources {
  std::function<std::vector<Check>()> readiness;  // ready when all that decide are ok
  std::function<std::string()> metrics;           // text format 0.0.4
  std::function<std::string()> config;            // JSON
  std::function<std::string()> cache;             // JSON; "" when there is none
};

// Answers one request; never suspends. REQUIRES: the source of its path is not empty.
http::Response Answer(const http::Request& request, const Sources& sources);

// The answer takes another source than `readiness`.
bool NeedsControl(const http::Request& request);

// {"code","message","details","hint"}, for what the connection itself refuses.
http::Response RenderError(int status, const Error& error);

}  // namespace pando::admin
