// What of a plan's node is plain enough to tell what its rows depend on.
//
// Internal to serve/.
// Concurrency  pure functions
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "serve/cache_counts.h"

namespace pando::serve {

// A column of the relation itself, as it is; null for anything else.
// REQUIRES: node.relation
const catalog::Column* PlainColumn(const plan::Node& node, const plan::ColumnRef& ref);

// Why the filters and the order of its rows are not. Filters are those whose operators
// read nothing but the row.
Uncacheable WhyNotPlain(const plan::Node& node);

// Where a column of the relation stands in the answer's rows; -1 when it is not shown, or in another form.
int PlaceOf(const plan::Node& node, const std::string& name);
// The same of one of the node's embeds.
int PlaceOfEmbed(const plan::Node& node, size_t embed);

// The columns of the primary key in the order of the table's columns, as changes tell them.
std::vector<const catalog::Column*> KeyColumns(const catalog::Relation& relation);

}  // namespace pando::serve
