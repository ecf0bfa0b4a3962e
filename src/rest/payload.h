// Request bodies (docs/rest.md section 13): checked, their keys collected, handed on as text for PostgreSQL to read.
//
// Concurrency  thread-safe: pure functions
// Bounds       KeySet::kKeysMax keys; a text made of CSV or of a form is at most kMadeBytesMax long. Otherwise memory
// is
//              a small multiple of the body's size, whose limit is http's. Time is linear in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rest/request.h"

namespace pando::rest {

// Of the JSON that is made of CSV or of a form: each line of CSV repeats the names of the columns.
inline constexpr size_t kMadeBytesMax = size_t{32} << 20;
// Of a form, the values of repeated keys included.
inline constexpr size_t kFormFieldsMax = 10'000;

struct PayloadContext {
  bool for_function = false;   // POST /rpc: raw bodies are welcome, an empty JSON body means {}
  bool columns_given = false;  // columns= names what counts: objects may differ in their keys
  uint32_t json_nesting_max = 1000;
};

// The body of a POST, PUT or PATCH. `content_type` is the header's value, empty if absent.
//   kInvalidBody  the type is not acceptable here, the body is not well-formed in it, or it passes one of the bounds
Result<Payload> ParsePayload(std::string_view content_type, std::string_view body, const PayloadContext& context);

// The refusal of an array whose elements are no objects with the same keys.
Error KeysDiffer();

// The parts of ParsePayload().
Result<Payload> ParseJsonPayload(std::string_view body, const PayloadContext& context);
Result<Payload> ParseCsvPayload(std::string_view body);
Result<Payload> ParseFormPayload(std::string_view body);

// A column whose fields in CSV are JSON, or texts that mean a JSON string.
struct JsonField {
  std::string name;
  // The column's values are JSON: every field that is JSON is read as JSON. Otherwise no answer has the word null or a
  // value with white space around it, and such a field is a text.
  bool any_json = false;
};

// `text`, where each field of these columns holds JSON, as a string: a field that is no JSON becomes the JSON string of
// its text. Null stays null. JSON that is nested more than 1000 deep is taken for a text. Bounds  the result is at most
// about twice as long as `text` REQUIRES: `text` is Payload::text of ParseCsvPayload()
std::string WithJsonFields(std::string_view text, const std::vector<JsonField>& fields);

}  // namespace pando::rest
