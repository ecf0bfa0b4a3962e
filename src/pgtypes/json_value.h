// A value's text form as the JSON that PostgreSQL's row_to_json prints for it, byte for byte
// (src/backend/utils/adt/json.c, datum_to_json): numbers and booleans bare, JSON as it is, timestamps in XSD form,
// everything else as a string.
//
// Concurrency  pure functions
#pragma once

#include <string>
#include <string_view>

#include "pgtypes/oid.h"

namespace pando::pgtypes {

// True for the built-in types whose JSON follows from their text: not for arrays and composites, which nest, nor for
// types that somebody made, which may have a cast to json.
bool HasJsonForm(Oid type);

// Appends the JSON of a value that is not NULL. False, with `out` as it was, when the type is none of HasJsonForm() or
// the text not in the form that our connections ask for (a role may have set a DateStyle).
bool AppendJson(std::string& out, Oid type, std::string_view text);

}  // namespace pando::pgtypes
