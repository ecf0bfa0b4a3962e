#include "rest/target.h"

#include <optional>
#include <utility>

#include "rest/percent.h"

namespace pando::rest {
namespace {

constexpr std::string_view kFunctionsPath = "/rpc/";

Error InvalidPath() { return Error(ErrorId::kInvalidPath, "Invalid path specified in request URL"); }

Error UnsupportedMethod(std::string_view method) {
  return Error(ErrorId::kUnsupportedMethod, "Unsupported HTTP method: " + std::string(method));
}

// What remains below the prefix, with its leading slash; nothing if the path lies elsewhere.
std::optional<std::string_view> BelowPrefix(std::string_view path, std::string_view prefix) {
  if (prefix != "/") {
    if (!path.starts_with(prefix)) return std::nullopt;
    path.remove_prefix(prefix.size());
  }
  if (path.empty()) return "/";
  if (path.front() != '/') return std::nullopt;
  return path;
}

Result<Action> RelationAction(std::string_view method) {
  if (method == "GET" || method == "HEAD") return Action::kRead;
  if (method == "POST") return Action::kInsert;
  if (method == "PATCH") return Action::kUpdate;
  if (method == "DELETE") return Action::kDelete;
  if (method == "PUT") return Action::kPut;
  return UnsupportedMethod(method);
}

Result<Action> FunctionAction(std::string_view method) {
  if (method == "GET" || method == "HEAD" || method == "POST") return Action::kCall;
  return Error(ErrorId::kFunctionMethod, "Cannot use the " + std::string(method) + " method on RPC");
}

}  // namespace

Result<Target> ParseTarget(std::string_view path, std::string_view prefix) {
  const std::optional<std::string_view> below = BelowPrefix(path, prefix);
  if (!below) return InvalidPath();
  Target target;
  target.path = *below;
  std::string_view name = below->substr(1);
  if (name.empty()) return target;
  target.resource = Resource::kRelation;
  if (below->starts_with(kFunctionsPath)) {
    target.resource = Resource::kFunction;
    name = below->substr(kFunctionsPath.size());
  }
  if (name.empty() || name.find('/') != std::string_view::npos) return InvalidPath();
  PANDO_CHECK(AppendPercentDecoded(name, Plus::kIsPlus, target.name));
  return target;
}

Result<Action> ParseAction(Resource resource, std::string_view method) {
  if (method == "OPTIONS") return Action::kDescribe;
  if (resource == Resource::kRelation) return RelationAction(method);
  if (resource == Resource::kFunction) return FunctionAction(method);
  if (method == "GET" || method == "HEAD") return Action::kInspect;
  return UnsupportedMethod(method);
}

}  // namespace pando::rest
