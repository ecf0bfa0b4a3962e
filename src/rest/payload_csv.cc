#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "rest/csv_reader.h"
#include "rest/json_scanner.h"
#include "rest/json_unescape.h"
#include "rest/key_set.h"
#include "rest/payload.h"
#include "rest/utf8.h"

namespace pando::rest {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Error Malformed() {
  return Error(ErrorId::kInvalidBody, "Empty or invalid csv")
      .WithHint("a field that holds a comma, a quote or a line break stands in double quotes, its quotes doubled");
}

Error Malformed(const CsvReader& reader) {
  return Malformed().WithDetail("the quotes of the record in line " + std::to_string(reader.Line()) + " do not match");
}

// The REST API prescribes the message, and that a record which is too short has no details. A longer one loses values
// in PostgREST.
Error WrongWidth(const CsvReader& reader, bool too_long) {
  const std::string place = "line " + std::to_string(reader.Line()) + " has " + (too_long ? "more" : "fewer") +
                            " fields than the header line";
  const Error error = Error(ErrorId::kInvalidBody, "All lines must have same number of fields").WithPlace(place);
  return too_long ? error.WithDetail(place) : error;
}

// A column that is named twice has two values.
Result<void> CheckTwice(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return {};
  return Error(ErrorId::kInvalidBody, "The header line names \"" + *twice + "\" more than once");
}

// The header line.
Result<void> ReadHeader(CsvReader& reader, std::vector<std::string>& names) {
  if (!reader.AtRecord()) return Malformed();
  CsvReader::Field field;
  CsvReader::Ending ending = CsvReader::Ending::kField;
  while (ending == CsvReader::Ending::kField) {
    if (names.size() == KeySet::kKeysMax) {
      return Error(ErrorId::kInvalidBody,
                   "The header line names more than " + std::to_string(KeySet::kKeysMax) + " columns");
    }
    ending = reader.Next(field);
    if (ending == CsvReader::Ending::kMalformed) return Malformed(reader);
    names.push_back(field.text);
  }
  return CheckTwice(names);
}

Error TooLong() {
  return Error(ErrorId::kInvalidBody, "The csv becomes more than " + std::to_string(kMadeBytesMax) +
                                          " bytes of json, in which each line repeats "
                                          "the names of the columns")
      .WithHint("send it in several requests");
}

// Without quotes, nothing is null, and so is the word that PostgREST takes for it.
bool IsNull(const CsvReader::Field& field) { return !field.quoted && (field.text.empty() || field.text == "NULL"); }

// Appends one record as an object. `keys` are the names as JSON with their colons.
Result<void> AppendRecord(CsvReader& reader, const std::vector<std::string>& keys, CsvReader::Field& field,
                          std::string& out) {
  size_t column = 0;
  for (CsvReader::Ending ending = CsvReader::Ending::kField; ending == CsvReader::Ending::kField; ++column) {
    if (column == keys.size()) return WrongWidth(reader, true);
    ending = reader.Next(field);
    if (ending == CsvReader::Ending::kMalformed) return Malformed(reader);
    out += column == 0 ? '{' : ',';
    out += keys[column];
    if (IsNull(field)) {
      out += "null";
    } else {
      AppendJsonString(out, field.text);
    }
    if (out.size() > kMadeBytesMax) return TooLong();
  }
  if (column < keys.size()) return WrongWidth(reader, false);
  out += '}';
  return {};
}

// One JSON value, maybe with white space around.
bool IsJson(std::string_view text) {
  struct Nothing final : JsonListener {
    void OnValue(uint32_t, JsonKind) override {}
    void OnKey(uint32_t, std::string_view) override {}
    void OnObjectEnd(uint32_t) override {}
  } nothing;
  return ScanJson(text, PayloadContext().json_nesting_max, nothing) == JsonCheck::kValid;
}

// What JSON of a domain's representation looks like in an answer.
bool IsAnswersJson(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  return !text.empty() && kSpace.find(text.front()) == std::string_view::npos &&
         kSpace.find(text.back()) == std::string_view::npos && text != "null" && IsJson(text);
}

// What stands between the quotes of the JSON string that begins at `at`, which is moved behind it.
std::string_view TakeString(std::string_view text, size_t& at) {
  const size_t begin = ++at;
  while (text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return text.substr(begin, at++ - begin);
}

}  // namespace

std::string WithJsonFields(std::string_view text, const std::vector<JsonField>& fields) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  const JsonField* field = nullptr;  // the one whose value comes next
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '"') {
      out += text[at++];
      continue;
    }
    const size_t begin = at;
    const std::string_view raw = TakeString(text, at);
    const bool is_key = text[at] == ':';
    if (is_key) {
      const std::string name = UnescapeJsonString(raw);
      const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.name == name; });
      field = found == fields.end() ? nullptr : &*found;
    }
    const std::string value = !is_key && field ? UnescapeJsonString(raw) : "";
    if (is_key || !field || (field->any_json ? IsJson(value) : IsAnswersJson(value))) {
      out += text.substr(begin, at - begin);
    } else {
      AppendJsonString(out, JsonString(value));
    }
  }
  return out;
}

Result<Payload> ParseCsvPayload(std::string_view body) {
  if (!IsValidUtf8(body) || body.find('\0') != std::string_view::npos) return Malformed();
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  CsvReader reader(body);
  Payload payload;
  payload.media = MediaType::Kind::kCsv;
  PANDO_CHECK(ReadHeader(reader, payload.keys));
  std::vector<std::string> keys;
  for (const std::string& name : payload.keys) {
    AppendJsonString(keys.emplace_back(), name);
    keys.back() += ':';
  }
  // As those of a JSON payload: no column has so long a name.
  for (std::string& name : payload.keys) name.resize(FirstCharacters(name, KeySet::kKeyBytesMax).size());
  CsvReader::Field field;
  // Memory that is never written to is never taken; growing would copy what is there again and again.
  payload.text.reserve(std::min(kMadeBytesMax, body.size() * 8));
  payload.text = "[";
  while (reader.AtRecord(keys.size() == 1)) {
    if (payload.elements++ > 0) payload.text += ',';
    PANDO_CHECK(AppendRecord(reader, keys, field, payload.text));
  }
  payload.text += ']';
  payload.kind = Payload::Kind::kJsonArray;
  std::sort(payload.keys.begin(), payload.keys.end());
  return payload;
}

}  // namespace pando::rest
