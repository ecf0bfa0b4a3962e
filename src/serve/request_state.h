// A RequestState is one request on its way through a RestHandler: what was asked, and what each step has found.
//
// Concurrency  executor-bound
// Internal to serve/.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/verifier.h"
#include "base/memory_budget.h"
#include "cache/store.h"
#include "http/message.h"
#include "pg/lane.h"
#include "serve/answer_fill.h"
#include "serve/config.h"
#include "serve/shape.h"
#include "serve/shape_cache.h"
#include "serve/timing.h"

namespace pando::serve {

struct RequestState {
  RequestState(http::Request& request, http::Response& response, std::shared_ptr<const Config> current,
               const Timing& timing)
      : http(request),
        response(response),
        is_get(request.method == "GET"),
        config(std::move(current)),
        timing(timing) {}

  const std::string& role() const { return principal->role; }
  const Demand& demand() const { return shape->demand; }

  // REQUIRES: `made` was made from this request.
  void Take(Shape made) {
    parameters = std::move(made.statement.query.parameters);
    canonical = made.request.query.canonical;
    shape = std::make_shared<const Shape>(std::move(made));
    learned = nullptr;
  }

  // ---- asked
  http::Request& http;
  http::Response& response;
  const bool is_get;
  const std::shared_ptr<const Config> config;  // the one that was in force when the request came
  std::shared_ptr<const auth::Principal> principal;

  // ---- found by Shapes
  std::shared_ptr<const Shape> shape;      // null: the root, OPTIONS, or an error before there was one
  std::shared_ptr<Learned> learned;        // null: the shape is not remembered
  std::vector<sql::Parameter> parameters;  // what this request adds to its shape, as is `canonical`
  std::string canonical;                   // query string
  std::unique_ptr<Shape> current;          // of a write with conditions: the read of what there is
  bool sends_once = false;                 // `parameters` are long, and the first exchange takes them
  bool made_by_worker = false;             // a long body's
  MemoryCharge memory;                     // of parameters that are longer than the body they were made of
  uint64_t print_key = 0;                  // of a read whose rows the server prints or tried to print; else 0
  std::string root_type;                   // of the root, served by a function: the Content-Type; else empty
  bool at_root = false;

  // ---- found by BodyGate
  std::optional<plan::Named> named;  // what the body is for

  // ---- found by AnswerCache
  std::string cache_key;           // without claims until AnswerCache::Enter(); empty: none was written
  std::optional<AnswerFill> fill;  // nullopt: the answer is not to be stored
  std::shared_ptr<const pg::LaneBracketRows> bracket;  // what proves that it may be; null: nothing does
  bool stored = false;
  Uncacheable why_not = Uncacheable::kNo;      // why the answer was not looked up
  std::shared_ptr<const cache::Answer> found;  // in the cache, after another request had brought it

  // The catalog is not known to be that of the database: the request makes all settings, shares nothing, keeps nothing
  // prepared, and its connection is cleaned.
  bool is_cautious = false;
  Timing timing;
};

inline Error NotLoaded() {
  return Error(ErrorId::kCatalogNotLoaded, "Could not query the database for the schema cache. Retrying.");
}

inline bool KnowsSchema(const Config& config) {
  return !config.catalog_known || config.catalog_known->Holds(Clock::now());
}

}  // namespace pando::serve
