#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "rest/csv_reader.h"
#include "rest/key_set.h"
#include "rest/payload.h"
#include "rest/utf8.h"

namespace pando::rest {
namespace {

Error Malformed() {
  return Error(ErrorId::kInvalidBody, "Empty or invalid csv")
      .WithHint("a field that holds a comma, a quote or a line break stands in double quotes, its quotes doubled");
}

// The header line.
Result<void> ReadHeader(CsvReader& reader, std::vector<std::string>& names) {
  if (!reader.AtRecord()) return Malformed();
  CsvReader::Ending ending = CsvReader::Ending::kField;
  while (ending == CsvReader::Ending::kField) {
    if (names.size() == KeySet::kKeysMax) {
      return Error(ErrorId::kInvalidBody,
                   "The header line names more than " + std::to_string(KeySet::kKeysMax) + " columns");
    }
    ending = reader.Next(names.emplace_back());
    if (ending == CsvReader::Ending::kMalformed) return Malformed();
  }
  return {};
}

Error TooLong() {
  return Error(ErrorId::kInvalidBody, "The csv becomes more than " + std::to_string(kMadeBytesMax) +
                                          " bytes of json, in which each line repeats "
                                          "the names of the columns")
      .WithHint("send it in several requests");
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
    if (out.size() > kMadeBytesMax) return TooLong();
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
  PANDO_CHECK(ReadHeader(reader, payload.keys));
  std::vector<std::string> keys;
  for (const std::string& name : payload.keys) {
    AppendJsonString(keys.emplace_back(), name);
    keys.back() += ':';
  }
  std::string field;
  // Memory that is never written to is never taken; growing would copy what is there again and again.
  payload.text.reserve(std::min(kMadeBytesMax, body.size() * 8));
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
