#include "pgtypes/json_value.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/json_text.h"

namespace pando::pgtypes {
namespace {

enum class Form : uint8_t { kUnknown, kString, kNumber, kBoolean, kJson, kDate, kTimestamp, kTimestamptz };

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

Form FormOf(Oid type) {
  switch (type) {
    case oid::kInt2:
    case oid::kInt4:
    case oid::kInt8:
    case oid::kFloat4:
    case oid::kFloat8:
    case oid::kNumeric:
      return Form::kNumber;
    case oid::kText:
    case oid::kVarchar:
    case oid::kBpchar:
    case oid::kName:
    case oid::kUuid:
    case oid::kOid:
    case oid::kBytea:
    case oid::kXml:
      return Form::kString;
    case oid::kBool:
      return Form::kBoolean;
    case oid::kJson:
    case oid::kJsonb:
      return Form::kJson;
    case oid::kDate:
      return Form::kDate;
    case oid::kTimestamp:
      return Form::kTimestamp;
    case oid::kTimestamptz:
      return Form::kTimestamptz;
    default:
      return std::binary_search(std::begin(kStrings), std::end(kStrings), type) ? Form::kString : Form::kUnknown;
  }
}

void AppendQuoted(std::string& out, std::string_view text) { out.append(1, '"').append(text).append(1, '"'); }

// NaN and the infinities are strings in JSON; what begins with a digit is a JSON number as it stands.
void AppendNumber(std::string& out, std::string_view text) {
  const size_t first = text.starts_with('-') ? 1 : 0;
  if (first < text.size() && IsDigit(text[first])) {
    out.append(text);
  } else {
    AppendQuoted(out, text);
  }
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

bool AppendDate(std::string& out, std::string_view text) {
  if (!IsInfinite(text)) {
    const size_t date = DateLength(text);
    if (date == 0 || !IsEra(text.substr(date))) return false;
  }
  AppendQuoted(out, text);
  return true;
}

bool IsClock(char c) { return IsDigit(c) || c == ':' || c == '.'; }

// "2026-11-24 16:08:09.5+01 BC": the blank before the time is a T, and a zone of whole hours has its minutes.
bool AppendTimestamp(std::string& out, std::string_view text, bool has_zone) {
  if (IsInfinite(text)) {
    AppendQuoted(out, text);
    return true;
  }
  const size_t date = DateLength(text);
  if (date == 0 || date >= text.size() || text[date] != ' ') return false;
  const std::string_view rest = text.substr(date + 1);
  const size_t clock = static_cast<size_t>(std::find_if_not(rest.begin(), rest.end(), IsClock) - rest.begin());
  size_t zone_end = clock;
  if (has_zone) {
    if (clock == rest.size() || (rest[clock] != '+' && rest[clock] != '-')) return false;
    zone_end = std::min(rest.find(' ', clock), rest.size());
  }
  if (clock == 0 || !IsEra(rest.substr(zone_end))) return false;
  const bool hours_only = has_zone && zone_end - clock == 3;
  out.append(1, '"').append(text.substr(0, date)).append(1, 'T').append(rest.substr(0, zone_end));
  out.append(hours_only ? ":00" : "").append(rest.substr(zone_end)).append(1, '"');
  return true;
}

}  // namespace

bool HasJsonForm(Oid type) { return FormOf(type) != Form::kUnknown; }

bool AppendJson(std::string& out, Oid type, std::string_view text) {
  switch (FormOf(type)) {
    case Form::kString:
      AppendJsonString(out, text);
      return true;
    case Form::kNumber:
      AppendNumber(out, text);
      return true;
    case Form::kBoolean:
      out += text == "t" ? "true" : "false";
      return true;
    case Form::kJson:
      out += text;
      return true;
    case Form::kDate:
      return AppendDate(out, text);
    case Form::kTimestamp:
      return AppendTimestamp(out, text, false);
    case Form::kTimestamptz:
      return AppendTimestamp(out, text, true);
    case Form::kUnknown:
      break;
  }
  return false;
}

}  // namespace pando::pgtypes
