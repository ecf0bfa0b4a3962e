// Columns, arguments and rows in JSON Schema's words, as OpenAPI 2.0 has them.
//
// Concurrency  pure functions
#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/function.h"

namespace pando::serve {

// {type, format, items}: the JSON type of a value, and the database's name of it as format. Domains show the type
// below.
boost::json::object TypeSchema(const catalog::Catalog& catalog, catalog::Oid type);
// The same for a function's argument, where types of the API's own schemas go by their bare names.
boost::json::object ArgumentSchema(const catalog::Catalog& catalog, const catalog::Argument& argument);
// A row of the relation: an object with a property a column.
boost::json::object RelationSchema(const catalog::Catalog& catalog, const catalog::Relation& relation);

// A comment's first line is the summary, what follows it the description; empty when there is none.
struct Summary {
  std::string_view summary, description;
};
Summary SplitComment(const std::optional<std::string>& comment);

}  // namespace pando::serve
