// Columns, arguments and rows in JSON Schema's words, as OpenAPI 2.0 has them.
//
// Concurrency  pure functions
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "catalog/function.h"
#include "catalog/relation.h"

namespace pando::serve {

// The name of a type as people know it: format_type() without a modifier prints "bpchar" for character.
std::string FormatName(const std::string& sql);
// The JSON type of a value of the type with that SQL name; empty: any.
std::string_view JsonType(const std::string& sql);
// The type below all domains. nullptr: it is not known.
const catalog::Type* BelowDomains(const catalog::Catalog& catalog, catalog::Oid type);
// The value of a default that is a constant; null when it is none, or no JSON value of that type.
boost::json::value ConstantDefault(const std::string& expression, const catalog::Type& type);
// The comment, and in a form that clients take apart what key the column is.
std::string ColumnDescription(const catalog::Catalog& catalog, const catalog::Relation& relation,
                              const catalog::Column& column);

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
