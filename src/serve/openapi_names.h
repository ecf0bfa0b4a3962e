// Names of the database where an OpenAPI document has them: in references, paths, parameters and components. Names may
// hold any character, and two names never become one.
//
// Concurrency  pure functions
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

namespace pando::serve {

// {"$ref": "#/PLACE/NAME"}: a JSON pointer (RFC 6901) in a URI fragment (RFC 3986, 3.5). `place` is written as it is.
boost::json::object Ref(std::string_view place, std::string_view name);

// The path of a relation, "/NAME", or of a function, "/rpc/NAME". What would end the path, begin another segment, or be
// a template is percent-encoded, and so is every other ASCII character that a path does not hold.
std::string PathOf(std::string_view before, std::string_view name);

// The query parameter that filters by a column: its name, quoted where the REST grammar would read it otherwise
// (`select`, `a.b`).
std::string FilterName(std::string_view column);

// The key of that parameter among the document's shared ones, in version 2.0.
std::string FilterKey(std::string_view relation, std::string_view column);

// The name as a key of `components` (OpenAPI 3.1, 4.8.7.1), without a full stop, which is left to part names of several
// parts.
std::string ComponentName(std::string_view name);

}  // namespace pando::serve
