// A value's text form as the JSON that PostgreSQL's row_to_json prints for it, byte for byte
// (src/backend/utils/adt/json.c, datum_to_json): numbers and booleans bare, JSON as it is, timestamps in XSD form,
// everything else as a string.
//
// Concurrency  pure functions
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pgtypes/oid.h"

namespace pando::pgtypes {

// How the text of a type becomes JSON.
enum class JsonForm : uint8_t { kUnknown, kString, kNumber, kBoolean, kJson, kDate, kTimestamp, kTimestamptz };

// kUnknown for all but the built-in types whose JSON follows from their text: for arrays and composites, which nest,
// and for types that somebody made, which may have a cast to json.
JsonForm JsonFormOf(Oid type);

// Writes the JSON of a value that is not NULL to `to` and returns its end. Null when the form is kUnknown or the text
// not as our connections ask for it (a role may have set a DateStyle).
// REQUIRES: JsonSizeMax(form, text) bytes of room.
char* WriteJson(char* to, JsonForm form, std::string_view text);
size_t JsonSizeMax(JsonForm form, std::string_view text);

}  // namespace pando::pgtypes
