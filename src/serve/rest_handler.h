// The RestHandler answers the REST requests of one event loop. Its source is the walk of a request, one step a line:
// authenticate, find the answer or the shape, execute as the caller's role, render, store.
//
// Concurrency  executor-bound: one RestHandler per event loop; Update() on its loop
// Ownership    what is in Deps and the verifier outlive it; configuration and catalog are shared and swapped whole
// Bounds       in flight: what http and the database admit
#pragma once

#include <memory>
#include <optional>

#include "base/memory_budget.h"
#include "http/message.h"
#include "net/task.h"
#include "net/worker.h"
#include "serve/answer_cache.h"
#include "serve/body_gate.h"
#include "serve/config.h"
#include "serve/database.h"
#include "serve/denied_log.h"
#include "serve/error_answers.h"
#include "serve/execution.h"
#include "serve/openapi_documents.h"
#include "serve/print_memory.h"
#include "serve/request_state.h"
#include "serve/root_handler.h"
#include "serve/shapes.h"

namespace pando::serve {

class RestHandler {
 public:
  struct Deps {
    Database& database;
    net::Worker& worker;  // for what is too long for an event loop
    OpenApiDocuments& documents;
    PrintMemory& print_memory;  // of all loops
    DeniedLog& denied_log;      // likewise
    CacheParts cache;
    std::shared_ptr<MemoryBudget> memory = nullptr;  // of bodies and answers; null: unbounded
  };
  RestHandler(const Deps& deps, std::shared_ptr<const Config> config);

  // An http::Handler. Never fails: an Error is rendered as the answer. The coroutine may be cancelled; its statement
  // then is too.
  std::optional<Task<void>> Handle(http::Request& request, http::Response& response);

  // An http::BodyGate, as serve::BodyGate::Admit().
  Task<bool> AdmitBody(http::Request& request, http::Response& response);

  void Update(std::shared_ptr<const Config> config);

  // The answer to what the connection refused before it was a request.
  http::Response RenderRefusal(int status, const Error& error, const http::Request* request) const;

 private:
  using Caller = std::shared_ptr<const auth::Principal>;

  Result<Caller> Authenticate(const http::Request& request) const;
  Task<void> Answer(http::Request& request, http::Response& response, Result<Caller> caller, Timing timing);
  Task<Result<void>> Serve(RequestState& state);
  Task<Result<bool>> FindShape(RequestState& state);
  Task<Result<bool>> FindShapeOfRoot(RequestState& state, rest::Request request);
  void AnswerStored(const http::Request& request, const auth::Principal& caller, Timing& timing,
                    const std::shared_ptr<const cache::Answer>& answer, http::Response& response) const;

  net::Worker& worker_;
  std::shared_ptr<const Config> config_;  // on the executor, as everything below
  Shapes shapes_;
  AnswerCache answers_;
  Execution execution_;
  RootHandler root_;
  BodyGate gate_;
  ErrorAnswers errors_;
};

}  // namespace pando::serve
