#include "serve/allow.h"

#include "catalog/function.h"
#include "catalog/relation.h"

namespace pando::serve {
namespace {

std::string AllowOf(const catalog::Relation& relation) {
  std::string allow = "OPTIONS,GET,HEAD";
  if (relation.insertable) allow += ",POST";
  if (relation.insertable && relation.updatable && !relation.primary_key.empty()) allow += ",PUT";
  if (relation.updatable) allow += ",PATCH";
  if (relation.deletable) allow += ",DELETE";
  return allow;
}

Result<std::string> AllowOf(const rest::Request& request, const catalog::Catalog& catalog, const std::string& role) {
  if (request.resource == rest::Resource::kRoot) return std::string("OPTIONS,GET,HEAD");
  if (request.resource == rest::Resource::kRelation) {
    if (const auto* relation = catalog.FindRelation(request.schema, request.name)) return AllowOf(*relation);
    return Error(ErrorId::kRelationNotFound,
                 "Could not find the table '" + request.schema + "." + request.name + "' in the schema cache");
  }
  const std::vector<const catalog::Function*> overloads = catalog.FunctionsNamed(request.schema, request.name, role);
  if (overloads.empty()) {
    return Error(ErrorId::kFunctionNotFound,
                 "Could not find the function " + request.schema + "." + request.name + " in the schema cache");
  }
  const bool is_volatile = overloads.front()->volatility == catalog::Function::Volatility::kVolatile;
  return std::string(is_volatile ? "OPTIONS,POST" : "OPTIONS,GET,HEAD,POST");
}

}  // namespace

Result<http::Response> DescribeResource(const rest::Request& request, const catalog::Catalog& catalog,
                                        const std::string& role) {
  PANDO_TRY(std::string allow, AllowOf(request, catalog, role));
  http::Response response;
  response.headers.Add("Allow", allow);
  return response;
}

}  // namespace pando::serve
