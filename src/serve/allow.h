// The Allow header of OPTIONS: what a resource can do by its kind, not what the caller may (docs/rest.md section 25).
// Functions of extensions that the caller's role is not shown are not found.
//
// Concurrency  pure functions
#pragma once

#include <string>

#include "base/result.h"
#include "catalog/catalog.h"
#include "http/message.h"
#include "rest/request.h"

namespace pando::serve {

//   kRelationNotFound, kFunctionNotFound
Result<http::Response> DescribeResource(const rest::Request& request, const catalog::Catalog& catalog,
                                        const std::string& role);

}  // namespace pando::serve
