#include "pgtypes/json_value.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/json_text.h"
#include "base/text_buffer.h"

namespace pando::pgtypes {
namespace {

// Types that print as strings and that oid.h has no other use for (pg_type.dat).
constexpr Oid kStrings[] = {
    18,                                  // "char"
    600,  601,  602,  603,  604,  628,   // point, lseg, path, box, polygon, line
    650,  718,  774,  790,  829,  869,   // cidr, circle, macaddr8, money, macaddr, inet
    1083, 1186, 1266, 1560, 1562,        // time, interval, timetz, bit, bit varying
    3614, 3615,                          // tsvector, tsquery
    3904, 3906, 3908, 3910, 3912, 3926,  // int4range, numrange, tsrange, tstzrange, daterange, int8range
};
static_assert(std::is_sorted(std::begin(kStrings), std::end(kStrings)), "searched by halves");

char* WriteQuoted(char* to, std::string_view text) {
  *to++ = '"';
  to = WriteText(to, text);
  *to++ = '"';
  return to;
}

// NaN and the infinities are strings in JSON; what begins with a digit is a JSON number as it stands.
char* WriteNumber(char* to, std::string_view text) {
  const size_t first = text.starts_with('-') ? 1 : 0;
  const bool digits = first < text.size() && IsDigit(text[first]);
  return digits ? WriteText(to, text) : WriteQuoted(to, text);
}

bool IsInfinite(std::string_view text) { return text == "infinity" || text == "-infinity"; }

// The length of "2026-11-24", with as many digits as the year has; 0 for any other style.
size_t DateLength(std::string_view text) {
  const size_t year = static_cast<size_t>(std::find_if_not(text.begin(), text.end(), IsDigit) - text.begin());
  const size_t length = year + 6;
  if (year < 4 || text.size() < length || text[year] != '-' || text[year + 3] != '-') return 0;
  const bool digits =
      IsDigit(text[year + 1]) && IsDigit(text[year + 2]) && IsDigit(text[year + 4]) && IsDigit(text[year + 5]);
  return digits ? length : 0;
}

bool IsEra(std::string_view text) { return text.empty() || text == " BC"; }

char* WriteDate(char* to, std::string_view text) {
  if (!IsInfinite(text)) {
    const size_t date = DateLength(text);
    if (date == 0 || !IsEra(text.substr(date))) return nullptr;
  }
  return WriteQuoted(to, text);
}

bool IsClock(char c) { return IsDigit(c) || c == ':' || c == '.'; }

// "2026-11-24 16:08:09.5+01 BC": the blank before the time is a T, and a zone of whole hours has its minutes.
char* WriteTimestamp(char* to, std::string_view text, bool has_zone) {
  if (IsInfinite(text)) return WriteQuoted(to, text);
  const size_t date = DateLength(text);
  if (date == 0 || date >= text.size() || text[date] != ' ') return nullptr;
  const std::string_view rest = text.substr(date + 1);
  const size_t clock = static_cast<size_t>(std::find_if_not(rest.begin(), rest.end(), IsClock) - rest.begin());
  size_t zone_end = clock;
  if (has_zone) {
    if (clock == rest.size() || (rest[clock] != '+' && rest[clock] != '-')) return nullptr;
    zone_end = std::min(rest.find(' ', clock), rest.size());
  }
  if (clock == 0 || !IsEra(rest.substr(zone_end))) return nullptr;
  const bool hours_only = has_zone && zone_end - clock == 3;
  *to++ = '"';
  to = WriteText(to, text.substr(0, date));
  *to++ = 'T';
  to = WriteText(to, rest.substr(0, zone_end));
  if (hours_only) to = WriteText(to, ":00");
  to = WriteText(to, rest.substr(zone_end));
  *to++ = '"';
  return to;
}

}  // namespace

JsonForm JsonFormOf(Oid type) {
  switch (type) {
    case oid::kInt2:
    case oid::kInt4:
    case oid::kInt8:
    case oid::kFloat4:
    case oid::kFloat8:
    case oid::kNumeric:
      return JsonForm::kNumber;
    case oid::kText:
    case oid::kVarchar:
    case oid::kBpchar:
    case oid::kName:
    case oid::kUuid:
    case oid::kOid:
    case oid::kBytea:
    case oid::kXml:
      return JsonForm::kString;
    case oid::kBool:
      return JsonForm::kBoolean;
    case oid::kJson:
    case oid::kJsonb:
      return JsonForm::kJson;
    case oid::kDate:
      return JsonForm::kDate;
    case oid::kTimestamp:
      return JsonForm::kTimestamp;
    case oid::kTimestamptz:
      return JsonForm::kTimestamptz;
    default:
      return std::binary_search(std::begin(kStrings), std::end(kStrings), type) ? JsonForm::kString
                                                                                : JsonForm::kUnknown;
  }
}

size_t JsonSizeMax(JsonForm form, std::string_view text) {
  constexpr size_t kAround = 5;  // quotes, and the minutes of a zone
  return form == JsonForm::kString ? JsonStringSizeMax(text) : text.size() + kAround;
}

char* WriteJson(char* to, JsonForm form, std::string_view text) {
  switch (form) {
    case JsonForm::kString:
      return WriteJsonString(to, text);
    case JsonForm::kNumber:
      return WriteNumber(to, text);
    case JsonForm::kBoolean:
      return WriteText(to, text == "t" ? "true" : "false");
    case JsonForm::kJson:
      return WriteText(to, text);
    case JsonForm::kDate:
      return WriteDate(to, text);
    case JsonForm::kTimestamp:
      return WriteTimestamp(to, text, false);
    case JsonForm::kTimestamptz:
      return WriteTimestamp(to, text, true);
    case JsonForm::kUnknown:
      break;
  }
  return nullptr;
}

}  // namespace pando::pgtypes
