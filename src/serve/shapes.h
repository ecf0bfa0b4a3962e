// Shapes finds the shape of a request: it recalls it, or parses, plans and writes the request.
//
// Concurrency  executor-bound: one Shapes per event loop
// Ownership    what is in Deps outlives it
#pragma once

#include <memory>

#include "base/memory_budget.h"
#include "base/result.h"
#include "net/task.h"
#include "net/worker.h"
#include "serve/print_memory.h"
#include "serve/request_state.h"
#include "serve/shape_cache.h"

namespace pando::serve {

class Shapes {
 public:
  struct Deps {
    net::Worker& worker;  // for bodies that are too long for an event loop
    PrintMemory& print_memory;
    std::shared_ptr<MemoryBudget> memory = nullptr;  // of parameters; null: unbounded
  };
  Shapes(Deps deps, std::shared_ptr<const Config> config) : deps_(std::move(deps)), config_(std::move(config)) {}
  void Update(std::shared_ptr<const Config> config) {
    config_ = std::move(config);
    cache_.Clear();
  }

  // True: the shape is known, and nothing is left to parse.
  bool Recall(RequestState& state);
  // Sets the shape of a request that was parsed just now.
  //   as rest::ParseRequest and plan::MakePlan
  // REQUIRES: state.config->catalog; `request` is one that plan::MakePlan takes
  Result<void> Make(RequestState& state, rest::Request request);
  // Parses, plans and writes a request with a long body, on the worker.
  //   as Make(); kRequestDeadline
  Task<Result<void>> MakeLong(RequestState& state);
  // Replaces the shape by one whose rows the database prints, because the server could not. Requests of this shape
  // begin with that for a while.
  //   as Make()
  Result<void> MakeForDatabase(RequestState& state);

 private:
  bool Cut(const RequestState& state);
  bool IsLeftToDatabase(RequestState& state, const Shape& shape) const;
  Task<Result<void>> HoldParameters(RequestState& state, size_t body_bytes) const;

  const Deps deps_;
  std::shared_ptr<const Config> config_;  // in force; on the executor, as everything below
  ShapeCache cache_;
  CutRequest cut_;  // of the request at hand; used again
};

}  // namespace pando::serve
