#include "plan/nodes.h"

#include <algorithm>

namespace pando::plan {

const catalog::Column* FindColumn(const Node& node, const std::string& name) {
  if (node.relation) return node.relation->Get(name);
  if (!node.columns) return nullptr;
  auto at = std::find_if(node.columns->begin(), node.columns->end(), [&](const auto& c) { return c.name == name; });
  return at == node.columns->end() ? nullptr : &*at;
}

Error NotEmbedded(const std::string& name) {
  return Error(ErrorId::kNotEmbedded, "'" + name + "' is not an embedded resource in this request")
      .WithHint("Verify that '" + name + "' is included in the 'select' query parameter.");
}

Error NoColumn(const Node& node, const std::string& column) {
  return Error::FromDatabase("42703", "column " + node.name.name + "." + column + " does not exist");
}

}  // namespace pando::plan
