// The admin port's routes, for an http::Server of its own. GET and HEAD only:
//
//   /livez     200 as long as the process answers at all: restart it when this fails
//   /readyz    200 when it should get requests, 503 with the reasons when not: take it out of the load balancer
//   /metrics   Prometheus text format
//   /config    the effective configuration as JSON, secrets masked
//   /cache     what is kept in the cache, as JSON: the largest, the hottest, the most often invalidated
//
// Concurrency  the handler runs on its server's event loop; so do the callbacks, which must not block
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "http/server.h"

namespace pando::admin {

// One condition for being ready: "catalog" is not ok, "not loaded yet".
struct Check {
  std::string name;
  bool ok = false;
  std::string detail;  // why not; shown to whoever reaches the port, so without secrets
};

struct Sources {
  std::function<std::vector<Check>()> readiness;  // ready when all are ok
  std::function<std::string()> metrics;           // text format 0.0.4
  std::function<std::string()> config;            // JSON
  std::function<std::string()> cache;             // JSON; "" when there is none
};

// Answers one request; never suspends.
http::Response Answer(const http::Request& request, const Sources& sources);

// Answer() as a Server wants it.
// REQUIRES: no source is empty.
http::Handler MakeHandler(Sources sources);

// {"code","message","details","hint"}, for what the connection itself refuses.
http::Response RenderError(int status, const Error& error);

}  // namespace pando::admin
