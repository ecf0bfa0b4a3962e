// Prints rows as JSON objects, with the bytes of PostgreSQL's row_to_json.
//
// Concurrency  pure function
#pragma once

#include <optional>
#include <string>

#include "pg/rows.h"

namespace pando::serve {

// [{"column":value,...}, ...], or, with `as_object`, the row by itself. nullopt when the JSON of a value does not
// follow from its text. REQUIRES: as_object: one row.
std::optional<std::string> PrintRows(const pg::Rows& rows, bool as_object);

}  // namespace pando::serve
