// Values and rows in JSON Schema 2020-12, as OpenAPI 3.1 has them.
//
// Concurrency  pure functions
#pragma once

#include <boost/json/fwd.hpp>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/function.h"
#include "catalog/relation.h"

namespace pando::serve {

// A value of the type as JSON has it; an empty schema where that is any value. Elements of arrays are shown as not
// null, which PostgreSQL does not promise.
boost::json::object ValueSchema(const catalog::Catalog& catalog, catalog::Oid type, bool nullable);

// A row as it is read without `select`: every column is there.
boost::json::object RowSchema(const catalog::Catalog& catalog, const catalog::Relation& relation);
// The same for a row that is no relation's.
boost::json::object RowSchema(const catalog::Catalog& catalog, const std::vector<catalog::Column>& columns);

// A row as it is inserted: columns that PostgreSQL fills are not required, and those that refuse any value are
// read-only. Defaults are not named, because generators take a property with a default for one that is always there.
boost::json::object InsertSchema(const catalog::Catalog& catalog, const catalog::Relation& relation);
// What an update says: nothing is required.
boost::json::object UpdateSchema(const catalog::Catalog& catalog, const catalog::Relation& relation);

// The named arguments of a function, as the body of a POST.
boost::json::object ArgumentsSchema(const catalog::Catalog& catalog, const catalog::Function& function);

}  // namespace pando::serve
