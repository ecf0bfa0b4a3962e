// The OpenAPI document of the root path: what the relations and functions of one schema offer. Version 2.0 ("Swagger")
// is PostgREST's, which clients of this API read; 3.1 is for typed clients (openapi31.h).
//
// Concurrency  pure functions; linear in the size of the schema, so not for an event loop when the schema is large
#pragma once

#include <optional>
#include <string>
#include <unordered_set>

#include "catalog/catalog.h"
#include "serve/options.h"

namespace pando::serve {

enum class OpenApiVersion { k2_0, k3_1 };

struct OpenApiInput {
  const catalog::Catalog& catalog;
  const std::string& schema;
  const RestOptions& options;
  // OIDs of what is shown; nullopt shows everything.
  std::optional<std::unordered_set<catalog::Oid>> accessible;
  // OIDs of the functions of extensions that are shown where `accessible` allows; every other one is not.
  std::unordered_set<catalog::Oid> extension_functions = {};
};

std::string WriteOpenApi(const OpenApiInput& input, OpenApiVersion version);

}  // namespace pando::serve
