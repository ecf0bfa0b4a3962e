// What the path and the method ask for.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "rest/request.h"

namespace pando::rest {

struct Target {
  Resource resource = Resource::kRoot;
  std::string name;  // decoded; empty at the root
  std::string path;  // as sent, without the prefix; "/" at the root
};

// `path` is still encoded. `prefix` is "/" or "/a/b".
//   kInvalidPath  not below the prefix, deeper than a relation or function, or with a trailing slash
//   kQueryParse   an escape in the name is malformed
Result<Target> ParseTarget(std::string_view path, std::string_view prefix);

//   kFunctionMethod     a method that functions do not have
//   kUnsupportedMethod  a method that nothing, or the root, does not have
Result<Action> ParseAction(Resource resource, std::string_view method);

}  // namespace pando::rest
