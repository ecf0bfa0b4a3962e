// Columns, paths and operators as SQL.
//
// Concurrency  pure functions
#pragma once

#include <string_view>

#include "sql/writer.h"

namespace pando::sql {

// The column's value in `alias`, its path included, its representation not.
void WriteColumn(Writer& out, std::string_view alias, const plan::ColumnRef& column);

// column operator value, with NOT around when negated.
void WriteFilter(Writer& out, std::string_view alias, const plan::ColumnRef& column, const rest::Operation& operation);

}  // namespace pando::sql
