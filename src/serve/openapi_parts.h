// What the documents of both versions of OpenAPI have in common.
//
// Concurrency  pure functions
#pragma once

#include <boost/json/fwd.hpp>
#include <initializer_list>
#include <optional>
#include <string>

#include "catalog/function.h"
#include "catalog/relation.h"
#include "serve/openapi.h"

namespace pando::serve {

// Whether the document shows it: it belongs to the schema, and the caller may use it.
bool IsShown(const OpenApiInput& input, const catalog::Relation& relation);
bool IsShown(const OpenApiInput& input, const catalog::Function& function);

boost::json::array Strings(std::initializer_list<const char*> texts);
boost::json::object DocumentInfo(const OpenApiInput& input);
boost::json::object ExternalDocs();

// Where the API is reached. Without a public address the document speaks of the server that it came from.
struct ApiAddress {
  std::string scheme, host;  // empty: those of this server
  std::string path;
};
ApiAddress AddressOf(const RestOptions& options);

// Adds the first line of a comment as summary and the rest as description.
void Describe(boost::json::object& operation, const std::optional<std::string>& comment);

}  // namespace pando::serve
