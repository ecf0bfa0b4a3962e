// One request on its way through the Pipeline.
//
// Concurrency  executor-bound
// Internal to serve/.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "serve/flights.h"
#include "serve/pipeline.h"
#include "serve/timing.h"

namespace pando::serve {

// What was looked for in the cache.
struct Pipeline::Found {
  std::shared_ptr<const cache::Answer> answer;  // null: it was not there
  bool is_keyed = false;                        // as Work's
};

struct Pipeline::Work {
  Work(http::Request& request, http::Response& response, std::shared_ptr<const Config> current, const Timing& timing)
      : http(request),
        response(response),
        is_get(request.method == "GET"),
        config(std::move(current)),
        timing(timing) {}

  const std::string& role() const { return principal->role; }

  // `made` is of this very request.
  void Take(Shape made) {
    parameters = std::move(made.statement.query.parameters);
    canonical = made.request.query.canonical;
    shape = std::make_shared<const Shape>(std::move(made));
    learned = nullptr;
  }

  http::Request& http;
  http::Response& response;
  const bool is_get;
  std::shared_ptr<const Config> config;
  std::shared_ptr<const auth::Principal> principal;
  std::shared_ptr<const Shape> shape;  // null for the root and OPTIONS
  std::shared_ptr<Learned> learned;    // null when the shape is not remembered
  // What this request adds to its shape.
  std::vector<sql::Parameter> parameters;
  bool sends_once = false;  // they are long, and given away with the first exchange
  std::string canonical;    // query string
  // Of a write with conditions: the read of what there is.
  std::unique_ptr<Shape> current;
  bool at_root = false;
  // The catalog is not known to be that of the database: all settings are made, nothing is shared or kept prepared, and
  // the connection is cleaned.
  bool is_cautious = false;
  bool print_here = true;              // false once there are rows that only the database can print as JSON
  Printer printer = Printer::kServer;  // of the shape
  uint64_t print_key = 0;              // of a read that the server prints or tried to print; else 0
  std::optional<Flights::Lead> lead;   // of an answer that is to be kept, as is `fill`
  std::optional<cache::Store::Fill> fill;
  std::shared_ptr<const pg::LaneBracketRows> bracket;
  bool kept = false;
  bool is_keyed = false;  // its key without claims is in cache_key_, for nothing has suspended since that was written
  Uncacheable why_not = Uncacheable::kNo;      // it was not looked for to be kept
  std::shared_ptr<const cache::Answer> found;  // in the cache, once somebody else had brought it
  bool limited_by_request = false;             // what it writes, by no role and no function
  MemoryCharge memory;                         // for parameters that are longer than the body that they were made of
  Timing timing;
};

inline Error NotLoaded() {
  return Error(ErrorId::kCatalogNotLoaded, "Could not query the database for the schema cache. Retrying.");
}

// What is looked at again by If-Match: not what is made, nor what a function does.
inline bool IsWriteOfResource(rest::Action action) {
  return action == rest::Action::kUpdate || action == rest::Action::kDelete || action == rest::Action::kPut;
}

}  // namespace pando::serve
