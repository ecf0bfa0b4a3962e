#include "pgtypes/binary_time.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/byte_order.h"
#include "base/text_buffer.h"

namespace pando::pgtypes {

namespace {

constexpr int64_t kMicrosecondsPerDay = 86'400'000'000;
constexpr int64_t kDaysPerEra = 146'097;  // the calendar repeats itself after 400 years
constexpr int64_t kYearsPerEra = 400;
// From 0000-03-01, where years begin that end with their leap day, to 2000-01-01.
constexpr int64_t kDaysToEpoch = 730'425;

struct Date {
  int64_t year;  // 0 is 1 BC
  unsigned month;
  unsigned day;
};

int64_t FloorDivide(int64_t dividend, int64_t divisor) {
  const int64_t quotient = dividend / divisor;
  return dividend % divisor < 0 ? quotient - 1 : quotient;
}

// In the Gregorian calendar, also before there was one, as PostgreSQL does.
Date DateOf(int64_t days_since_2000) {
  const int64_t days = days_since_2000 + kDaysToEpoch;
  const int64_t era = FloorDivide(days, kDaysPerEra);
  const int64_t day_of_era = days - era * kDaysPerEra;
  // Leap days: one at the end of each 4 years, but for that of each 100, but for that of the era.
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / (kDaysPerEra - 1)) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  // From March on the months' lengths repeat after five, which have 153 days.
  const auto month_from_march = static_cast<unsigned>((5 * day_of_year + 2) / 153);
  const auto day = static_cast<unsigned>(day_of_year) - (153 * month_from_march + 2) / 5 + 1;
  const unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {era * kYearsPerEra + year_of_era + (month <= 2 ? 1 : 0), month, day};
}

// The two digits of each number below 100, one after the other.
constexpr std::array<char, 200> kTwoDigits = [] {
  std::array<char, 200> digits{};
  for (size_t i = 0; i < digits.size(); ++i) digits[i] = static_cast<char>('0' + (i % 2 ? i / 2 % 10 : i / 20));
  return digits;
}();

// REQUIRES: below 100
char* WriteTwo(char* to, unsigned number) {
  std::memcpy(to, &kTwoDigits[size_t{2} * number], 2);
  return to + 2;
}

char* WriteYear(char* to, int64_t year) {
  const int64_t shown = year > 0 ? year : 1 - year;
  if (shown > 9999) return std::to_chars(to, to + std::numeric_limits<int64_t>::digits10 + 1, shown).ptr;
  to = WriteTwo(to, static_cast<unsigned>(shown / 100));
  return WriteTwo(to, static_cast<unsigned>(shown % 100));
}

char* WriteDate(char* to, const Date& date) {
  to = WriteYear(to, date.year);
  *to++ = '-';
  to = WriteTwo(to, date.month);
  *to++ = '-';
  return WriteTwo(to, date.day);
}

char* WriteFraction(char* to, unsigned microseconds) {
  if (microseconds == 0) return to;
  *to++ = '.';
  to = WriteTwo(to, microseconds / 10'000);
  to = WriteTwo(to, microseconds / 100 % 100);
  to = WriteTwo(to, microseconds % 100);
  while (to[-1] == '0') --to;
  return to;
}

char* WriteClock(char* to, int64_t microseconds_of_day) {
  const auto seconds = static_cast<unsigned>(microseconds_of_day / 1'000'000);
  to = WriteTwo(to, seconds / 3600);
  *to++ = ':';
  to = WriteTwo(to, seconds / 60 % 60);
  *to++ = ':';
  to = WriteTwo(to, seconds % 60);
  return WriteFraction(to, static_cast<unsigned>(microseconds_of_day % 1'000'000));
}

char* WriteEra(char* to, const Date& date) { return date.year > 0 ? to : WriteText(to, " BC"); }

// The ends of the range stand for the infinities.
template <class Integer>
std::string_view InfinityOf(Integer number) {
  using Limits = std::numeric_limits<Integer>;
  return number == Limits::min() ? "\"-infinity\"" : number == Limits::max() ? "\"infinity\"" : "";
}

char* WriteDateJson(char* to, int32_t days) {
  if (const std::string_view infinity = InfinityOf(days); !infinity.empty()) return WriteText(to, infinity);
  const Date date = DateOf(days);
  *to++ = '"';
  to = WriteEra(WriteDate(to, date), date);
  *to++ = '"';
  return to;
}

char* WriteTimestampJson(char* to, int64_t microseconds, std::string_view zone) {
  if (const std::string_view infinity = InfinityOf(microseconds); !infinity.empty()) return WriteText(to, infinity);
  const int64_t days = FloorDivide(microseconds, kMicrosecondsPerDay);
  const Date date = DateOf(days);
  *to++ = '"';
  to = WriteDate(to, date);
  *to++ = 'T';
  to = WriteClock(to, microseconds - days * kMicrosecondsPerDay);
  to = WriteEra(WriteText(to, zone), date);
  *to++ = '"';
  return to;
}

}  // namespace

char* WriteBinaryTimeJson(char* to, JsonForm form, std::string_view bytes) {
  const bool is_date = form == JsonForm::kDate;
  if (bytes.size() != (is_date ? sizeof(int32_t) : sizeof(int64_t))) return nullptr;
  if (is_date) return WriteDateJson(to, ReadNumber<int32_t>(bytes.data()));
  const auto microseconds = ReadNumber<int64_t>(bytes.data());
  if (form == JsonForm::kTimestamp) return WriteTimestampJson(to, microseconds, "");
  return form == JsonForm::kTimestamptz ? WriteTimestampJson(to, microseconds, "+00:00") : nullptr;
}

}  // namespace pando::pgtypes
