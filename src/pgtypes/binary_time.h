// Dates and times in PostgreSQL's binary format, written as the JSON that row_to_json prints for them (XSD form): what
// the server would otherwise print as text is a third of its work for such a column.
//
// Concurrency  pure functions
#pragma once

#include <cstddef>
#include <string_view>

#include "pgtypes/json_value.h"

namespace pando::pgtypes {

// Room for any of them.
inline constexpr size_t kBinaryTimeJsonSizeMax = 48;

// Writes the JSON of a date (32 bits: days since 2000-01-01), a timestamp or a timestamptz (64 bits: microseconds since
// then) to `to` and returns its end; a timestamptz in UTC. Null when the form is another one or the bytes are not as
// many.
// REQUIRES: kBinaryTimeJsonSizeMax bytes of room.
char* WriteBinaryTimeJson(char* to, JsonForm form, std::string_view bytes);

}  // namespace pando::pgtypes
