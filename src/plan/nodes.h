// Questions about a node of the tree of reads, and refusals that name it.
//
// Concurrency  pure functions
#pragma once

#include <string>

#include "base/error.h"
#include "plan/plan.h"

namespace pando::plan {

// Null: the node has no column of that name, or its columns are not known.
const catalog::Column* FindColumn(const Node& node, const std::string& name);

// kNotEmbedded: no embed has the name.
Error NotEmbedded(const std::string& name);
// kSqlstate 42703, as PostgreSQL says it.
Error NoColumn(const Node& node, const std::string& column);

}  // namespace pando::plan
