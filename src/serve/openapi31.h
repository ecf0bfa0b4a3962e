// The OpenAPI 3.1 document, which typed clients are made from. It says more than the document of version 2.0: what a
// row is when it is read, inserted and updated, what is answered with which status and media type, what may be null.
//
// Concurrency  pure functions; linear in the size of the schema
#pragma once

#include <boost/json/fwd.hpp>

#include "serve/openapi.h"

namespace pando::serve {

boost::json::object MakeOpenApi31(const OpenApiInput& input);

}  // namespace pando::serve
