#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "rest/csv_reader.h"
#include "rest/payload.h"
#include "rest/utf8.h"

namespace pando::rest {
namespace {

Error Malformed() {
  return Error(ErrorId::kInvalidBody, "Empty or invalid csv")
      .WithHint("a field that holds a comma, a quote or a line break stands in double quotes, its quotes doubled");
}

// The header line; false if it is malformed.
bool ReadHeader(CsvReader& reader, std::vector<std::string>& names) {
  if (!reader.AtRecord()) return false;
  for (;;) {
    switch (reader.Next(names.emplace_back())) {
      case CsvReader::Ending::kField:
        continue;
      case CsvReader::Ending::kRecord:
        return true;
      case CsvReader::Ending::kMalformed:
        return false;
    }
  }
}

// Appends one record as an object. `keys` are the names as JSON with their colons. Fields beyond the header are
// ignored, as PostgREST ignores them.
Result<void> AppendRecord(CsvReader& reader, const std::vector<std::string>& keys, std::string& field,
                          std::string& out) {
  size_t column = 0;
  for (CsvReader::Ending ending = CsvReader::Ending::kField; ending == CsvReader::Ending::kField; ++column) {
    ending = reader.Next(field);
    if (ending == CsvReader::Ending::kMalformed) return Malformed();
    if (column >= keys.size()) continue;
    out += column == 0 ? '{' : ',';
    out += keys[column];
    if (field == "NULL") {
      out += "null";
    } else {
      AppendJsonString(out, field);
    }
  }
  if (column < keys.size()) return Error(ErrorId::kInvalidBody, "All lines must have same number of fields");
  out += '}';
  return {};
}

}  // namespace

Result<Payload> ParseCsvPayload(std::string_view body) {
  if (!IsValidUtf8(body) || body.find('\0') != std::string_view::npos) return Malformed();
  CsvReader reader(body);
  Payload payload;
  payload.media = MediaType::Kind::kCsv;
  if (!ReadHeader(reader, payload.keys)) return Malformed();
  std::vector<std::string> keys;
  for (const std::string& name : payload.keys) {
    AppendJsonString(keys.emplace_back(), name);
    keys.back() += ':';
  }
  std::string field;
  payload.text = "[";
  while (reader.AtRecord()) {
    if (payload.elements++ > 0) payload.text += ',';
    PANDO_CHECK(AppendRecord(reader, keys, field, payload.text));
  }
  payload.text += ']';
  payload.kind = Payload::Kind::kJsonArray;
  std::sort(payload.keys.begin(), payload.keys.end());
  payload.keys.erase(std::unique(payload.keys.begin(), payload.keys.end()), payload.keys.end());
  return payload;
}

}  // namespace pando::rest
