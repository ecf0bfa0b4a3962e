// Values for columns, in COPY's text format: realistic where name or type give a hint, skewed as data is.
//
// Concurrency  immutable; the randomness is the caller's
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/random.h"
#include "bench/table_shape.h"

namespace pando::bench {

// Appends text with COPY's escapes (backslash, tab, line breaks).
void AppendEscaped(std::string& out, std::string_view text);

// The value of a column in a key for the row `index` (from 0): a different one for each index, and always the same, so
// that rows of other tables can refer to it. `salt` tells tables apart where values need not be equal (UUIDs).
// False when the type has no such value, or too few for this index.
bool AppendKey(std::string& out, const ColumnShape& column, uint64_t index, uint64_t salt);

// Any value that suits the column, which is in no key. `index` makes times run with the rows.
// False when nothing is known for the type.
bool AppendValue(std::string& out, const ColumnShape& column, uint64_t index, uint64_t rows, Random& random);

}  // namespace pando::bench
