// CSV as RFC 4180 has it, made by the database: a header line, then a line for each row, with LF between. NULL is an
// empty field, and an empty text is "".
//
// What is written here, rest/payload_csv.cc reads back as it was. So the text NULL has quotes, for without them that
// word is a null there; and where there is one column and the last row is NULL, its line has an LF behind it.
//
// Concurrency  pure functions
#pragma once

#include <string>
#include <vector>

#include "sql/writer.h"

namespace pando::sql {

// An aggregate over kRows, whose columns are named by their positions: `keys` are their names.
void WriteCsv(Writer& out, const std::vector<std::string>& keys);

}  // namespace pando::sql
