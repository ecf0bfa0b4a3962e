// What shows through views: which base column each view column is, the keys that come with them, and foreign keys as
// far as anything loaded shows them.
//
// Concurrency  pure
#pragma once

#include <vector>

#include "catalog/relation.h"
#include "catalog/relationship.h"
#include "introspect/queries.h"
#include "introspect/relation_reader.h"

namespace pando::introspect {

// Gives loaded views the primary keys of the tables they show, and what they look into, and their columns the base
// columns' defaults. Returns
// the origins of the columns of loaded views, by view and column.
std::vector<catalog::ViewColumnOrigin> ReadViews(const Answers& answers, RelationRecords& records);

// Foreign keys of which both relations are loaded or are shown by a loaded view.
std::vector<catalog::ForeignKey> ReadForeignKeys(const Answers& answers, const RelationRecords& records,
                                                 const std::vector<catalog::ViewColumnOrigin>& origins);

}  // namespace pando::introspect
