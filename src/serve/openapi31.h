// An OpenAPI 2.0 document of ours in the words of OpenAPI 3.1.
//
// Concurrency  pure functions
#pragma once

#include <boost/json/fwd.hpp>

namespace pando::serve {

// Knows what openapi.cc writes, which is not all of 2.0: body and query and header parameters, references to
// definitions and parameters, one security scheme.
boost::json::object ToOpenApi31(boost::json::object document);

}  // namespace pando::serve
