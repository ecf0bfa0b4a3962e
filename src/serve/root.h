// The root path: the OpenAPI document, or the function that stands for it.
//
// Concurrency  pure functions
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/catalog.h"
#include "pg/rows.h"
#include "rest/request.h"
#include "serve/openapi.h"

namespace pando::serve {

// Which version answers an Accept header: application/openapi+json, application/json and */* mean 2.0,
// application/vnd.oai.openapi+json means 3.1 unless its version parameter says 2.
//   kNoMediaType
Result<OpenApiVersion> ChooseOpenApi(const std::vector<rest::MediaType>& accept);
std::string OpenApiContentType(OpenApiVersion version);

// Makes `request` the call of the function `name`, whose JSON is an OpenAPI document or anything else: both media types
// are served, whether or not the function's result type says the one or the other. Returns the answer's Content-Type.
//   kNoMediaType
Result<std::string> TurnIntoCall(rest::Request& request, const std::string& name, const catalog::Catalog& catalog,
                                 const std::string& role);

// The functions of extensions in `schema` that `role` is shown (catalog/audience.h), sorted.
std::vector<catalog::Oid> ExtensionFunctionsFor(const catalog::Catalog& catalog, const std::string& schema,
                                                const std::string& role);

// The answer of sql::WriteAccessible(), sorted.
std::vector<catalog::Oid> ReadAccessible(const pg::Rows& rows);

}  // namespace pando::serve
