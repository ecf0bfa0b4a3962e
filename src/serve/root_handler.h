// The RootHandler answers the root path with an OpenAPI document.
//
// Concurrency  executor-bound: one RootHandler per event loop
// Ownership    what is in Deps outlives it
#pragma once

#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "net/worker.h"
#include "serve/database.h"
#include "serve/openapi_documents.h"
#include "serve/request_state.h"

namespace pando::serve {

class RootHandler {
 public:
  struct Deps {
    Database& database;
    net::Worker& worker;  // writes documents
    OpenApiDocuments& documents;
  };
  explicit RootHandler(Deps deps) : deps_(deps) {}

  // Fills state.response.
  //   kNoMediaType, kOpenApiDisabled; as Database::Open()
  // REQUIRES: state.config->catalog
  Task<Result<void>> Serve(RequestState& state, const rest::Request& request);

 private:
  Task<Result<std::vector<catalog::Oid>>> QueryAccessible(const RequestState& state, const rest::Request& request);

  const Deps deps_;
};

}  // namespace pando::serve
