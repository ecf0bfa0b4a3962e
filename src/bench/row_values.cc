#include "bench/row_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <span>

#include "bench/sampler.h"

namespace pando::bench {
namespace {

constexpr std::array<std::string_view, 96> kWords{
    "time",    "river",  "garden", "stone",  "light",   "market", "window",  "paper",  "north",   "silver", "bridge",
    "harvest", "coffee", "winter", "letter", "summer",  "copper", "meadow",  "train",  "engine",  "forest", "island",
    "mirror",  "orange", "planet", "quiet",  "rain",    "salt",   "table",   "velvet", "water",   "yellow", "anchor",
    "basket",  "candle", "desert", "echo",   "feather", "glass",  "hammer",  "iron",   "jacket",  "kettle", "ladder",
    "magnet",  "needle", "ocean",  "pepper", "quilt",   "ribbon", "saddle",  "tower",  "valley",  "wagon",  "amber",
    "barley",  "cedar",  "dawn",   "ember",  "flint",   "grain",  "harbour", "ivory",  "juniper", "kiln",   "linen",
    "maple",   "nectar", "olive",  "pine",   "quarry",  "reed",   "sail",    "thread", "umber",   "vine",   "wheat",
    "yarn",    "zinc",   "almond", "birch",  "clay",    "delta",  "elm",     "fern",   "grove",   "hazel",  "inlet",
    "jade",    "kelp",   "lily",   "moss",   "nut",     "oak",    "pearl",   "sage"};
constexpr std::array<std::string_view, 32> kFirstNames{
    "Anna", "Ben", "Clara", "David", "Elena", "Felix", "Greta", "Hugo",  "Ines",  "Jonas", "Karin",
    "Luis", "Mia", "Noah",  "Olga",  "Paul",  "Rosa",  "Samir", "Tara",  "Umar",  "Vera",  "Walter",
    "Yara", "Zoe", "Amir",  "Bao",   "Chidi", "Dana",  "Emil",  "Fatma", "Goran", "Hana"};
constexpr std::array<std::string_view, 32> kLastNames{
    "Meier",   "Rossi",  "Novak",  "Silva",  "Jensen", "Dubois", "Kowalski", "Garcia", "Weber", "Nielsen",  "Moreau",
    "Fischer", "Costa",  "Horvat", "Murphy", "Larsen", "Bauer",  "Lopez",    "Keller", "Ricci", "Virtanen", "Petrov",
    "Yilmaz",  "Nguyen", "Okafor", "Haddad", "Tanaka", "Singh",  "Cohen",    "Brown",  "Smith", "Jones"};
constexpr std::array<std::string_view, 16> kCities{"London", "Berlin", "Paris",  "Zurich", "Madrid", "Rome",
                                                   "Vienna", "Oslo",   "Lisbon", "Prague", "Warsaw", "Dublin",
                                                   "Athens", "Bern",   "Lyon",   "Porto"};
constexpr std::array<std::string_view, 5> kStates{"active", "pending", "done", "cancelled", "archived"};

// 2024-01-01 and two years: times are the same whenever the rows are made.
constexpr int64_t kEpochSeconds = 1'704'067'200;
constexpr int64_t kSpanSeconds = int64_t{2} * 365 * 24 * 3600;
constexpr int64_t kSecondsPerDay = 86'400;

bool Holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// The first are the most frequent (Zipf's law, exponent 1).
template <size_t N>
std::string_view Pick(const std::array<std::string_view, N>& list, Random& random) {
  static const Sampler sampler = Sampler::Zipf(N, 1);
  return list[sampler.Draw(random)];
}

uint64_t Mix(uint64_t number, uint64_t salt) { return Random(number, salt).Next(); }

std::string Uuid(uint64_t high, uint64_t low) {
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xfff,
                     0x8000 | (low >> 50), low & 0xffffffffffff);
}

struct Day {
  int64_t year, month, day;
};

// The civil date of days since 1970 (H. Hinnant, "chrono-compatible low-level date algorithms").
Day DayOf(int64_t days) {
  days += 719'468;
  const int64_t era = days / 146'097;
  const int64_t of_era = days - era * 146'097;
  const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted = (5 * of_year + 2) / 153;
  const int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, of_year - (153 * shifted + 2) / 5 + 1};
}

void AppendDate(std::string& out, int64_t seconds) {
  const Day day = DayOf(seconds / kSecondsPerDay);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}", day.year, day.month, day.day);
}

void AppendTime(std::string& out, int64_t seconds) {
  const int64_t of_day = seconds % kSecondsPerDay;
  fmt::format_to(std::back_inserter(out), "{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60);
}

void AppendTimestamp(std::string& out, int64_t seconds, bool with_zone) {
  AppendDate(out, seconds);
  out += ' ';
  AppendTime(out, seconds);
  if (with_zone) out += "+00";
}

void AppendWords(std::string& out, size_t count, Random& random) {
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) out += ' ';
    out += Pick(kWords, random);
  }
}

std::string MakeText(const ColumnShape& column, uint64_t index, Random& random) {
  const std::string_view name = column.name;
  std::string text;
  if (Holds(name, "email")) {
    text = fmt::format("{}.{}{}@example.com", Pick(kFirstNames, random), Pick(kLastNames, random), index);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  } else if (Holds(name, "url") || Holds(name, "link")) {
    text = fmt::format("https://example.com/{}/{}", Pick(kWords, random), index);
  } else if (Holds(name, "phone")) {
    text = fmt::format("+41 {:02} {:03} {:02} {:02}", 20 + random.Below(60), random.Below(1000), random.Below(100),
                       random.Below(100));
  } else if (Holds(name, "first_name")) {
    text = Pick(kFirstNames, random);
  } else if (Holds(name, "last_name") || Holds(name, "surname")) {
    text = Pick(kLastNames, random);
  } else if (Holds(name, "user") || Holds(name, "author") || Holds(name, "customer") || name == "full_name") {
    text = fmt::format("{} {}", Pick(kFirstNames, random), Pick(kLastNames, random));
  } else if (Holds(name, "city")) {
    text = Pick(kCities, random);
  } else if (Holds(name, "status") || Holds(name, "state")) {
    text = Pick(kStates, random);
  } else if (Holds(name, "description") || Holds(name, "body") || Holds(name, "comment") || Holds(name, "content") ||
             Holds(name, "text") || Holds(name, "notes")) {
    // Most are short, and a few ten times as long.
    AppendWords(text, static_cast<size_t>(5 + std::min(12 * random.Exponential(), 100.0)), random);
  } else {
    AppendWords(text, 1 + random.Below(3), random);
  }
  if (column.length_max > 0 && text.size() > static_cast<size_t>(column.length_max)) {
    text.resize(static_cast<size_t>(column.length_max));
  }
  return text;
}

// How many different whole numbers from 1 on the type has.
uint64_t NumbersOf(std::string_view type) {
  if (type == "int2") return std::numeric_limits<int16_t>::max();
  if (type == "int4") return std::numeric_limits<int32_t>::max();
  return std::numeric_limits<int64_t>::max();
}

bool IsWhole(std::string_view type) { return type == "int2" || type == "int4" || type == "int8"; }
bool IsText(std::string_view type) {
  return type == "text" || type == "varchar" || type == "bpchar" || type == "citext" || type == "name";
}

// The index in base 36 behind the column's name, as far as there is room.
bool AppendTextKey(std::string& out, const ColumnShape& column, uint64_t index) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string digits;
  for (uint64_t rest = index; digits.empty() || rest > 0; rest /= kDigits.size())
    digits.insert(0, 1, kDigits[rest % kDigits.size()]);
  const size_t room = column.length_max > 0 ? static_cast<size_t>(column.length_max) : 64;
  if (digits.size() > room) return false;
  std::string prefix = column.name + "-";
  if (prefix.size() + digits.size() > room) prefix.clear();
  // char(n) pads, and shorter keys of a fixed length look odd: zeros in front.
  if (column.type == "bpchar") digits.insert(0, room - prefix.size() - digits.size(), '0');
  AppendEscaped(out, prefix + digits);
  return true;
}

void AppendNumber(std::string& out, const ColumnShape& column, Random& random) {
  const std::string_view name = column.name;
  if (IsWhole(column.type)) {
    // Quantities are small, most of them one or two.
    const double wide = column.type == "int2" || Holds(name, "quantity") || Holds(name, "count") ? 3 : 100;
    const double number = std::floor(wide * random.Exponential()) + 1;
    fmt::format_to(std::back_inserter(out), "{}", static_cast<int64_t>(std::min(number, 30'000.0)));
    return;
  }
  // Prices and amounts are log-normal: the product of many small factors. Box and Muller, 1958.
  const double normal = std::sqrt(2 * random.Exponential()) * std::cos(6.283185307179586 * random.Unit());
  double number = std::exp(3.2 + normal);
  const int scale = column.type == "numeric" && column.digits > 0 ? column.scale : 2;
  if (column.digits > 0) number = std::min(number, std::pow(10, column.digits - column.scale) - 1);
  fmt::format_to(std::back_inserter(out), "{:.{}f}", number, scale);
}

void AppendJson(std::string& out, Random& random) {
  fmt::format_to(std::back_inserter(out), "{{\"{}\": {}, \"tags\": [\"{}\"]}}", Pick(kWords, random),
                 random.Below(1000), Pick(kWords, random));
}

bool AppendArray(std::string& out, const ColumnShape& column, uint64_t index, uint64_t rows, Random& random) {
  ColumnShape element = column;
  element.type = column.type.substr(1);
  out += '{';
  for (uint64_t i = 0, count = random.Below(4); i < count; ++i) {
    if (i > 0) out += ',';
    if (IsText(element.type)) {
      out += Pick(kWords, random);
    } else if (element.type != "uuid" && !IsWhole(element.type)) {
      break;
    } else if (!AppendValue(out, element, index, rows, random)) {
      return false;
    }
  }
  if (out.back() == ',') out.pop_back();
  out += '}';
  return true;
}

}  // namespace

void AppendEscaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += c;
    }
  }
}

bool AppendKey(std::string& out, const ColumnShape& column, uint64_t index, uint64_t salt) {
  const std::string_view type = column.type;
  if (!column.choices.empty()) {
    if (index >= column.choices.size()) return false;
    AppendEscaped(out, column.choices[index]);
    return true;
  }
  if (IsWhole(type) || type == "numeric") {
    const bool fits = column.digits == 0 || static_cast<double>(index) < std::pow(10, column.digits - column.scale) - 1;
    if (index >= NumbersOf(type) || !fits) return false;
    fmt::format_to(std::back_inserter(out), "{}", index + 1);
    return true;
  }
  if (IsText(type)) return AppendTextKey(out, column, index);
  if (type == "uuid") {
    out += Uuid(Mix(index, salt), index);
    return true;
  }
  if (type == "date") {
    AppendDate(out, kEpochSeconds + static_cast<int64_t>(index) * kSecondsPerDay);
    return index < 1'000'000;
  }
  if (type == "timestamp" || type == "timestamptz") {
    AppendTimestamp(out, kEpochSeconds + static_cast<int64_t>(index), type == "timestamptz");
    return true;
  }
  return false;
}

bool AppendValue(std::string& out, const ColumnShape& column, uint64_t index, uint64_t rows, Random& random) {
  const std::string_view type = column.type;
  if (!column.choices.empty()) {
    AppendEscaped(out, column.choices[Sampler::Zipf(column.choices.size(), 1).Draw(random)]);
  } else if (IsWhole(type) || type == "numeric" || type == "float4" || type == "float8" || type == "money") {
    AppendNumber(out, column, random);
  } else if (IsText(type)) {
    AppendEscaped(out, MakeText(column, index, random));
  } else if (type == "bool") {
    out += random.Unit() < 0.8 ? 't' : 'f';
  } else if (type == "uuid") {
    const uint64_t high = random.Next();
    out += Uuid(high, random.Next());
  } else if (type == "date" || type == "timestamp" || type == "timestamptz") {
    // Times run with the rows, as they do where rows are inserted, and jitter by a day.
    const auto passed = static_cast<int64_t>(static_cast<double>(kSpanSeconds) * static_cast<double>(index) /
                                             static_cast<double>(rows));
    const int64_t seconds = kEpochSeconds + passed + static_cast<int64_t>(random.Below(kSecondsPerDay));
    type == "date" ? AppendDate(out, seconds) : AppendTimestamp(out, seconds, type == "timestamptz");
  } else if (type == "time" || type == "timetz") {
    AppendTime(out, static_cast<int64_t>(random.Below(kSecondsPerDay)));
  } else if (type == "interval") {
    fmt::format_to(std::back_inserter(out), "{} minutes", 1 + random.Below(600));
  } else if (type == "json" || type == "jsonb") {
    AppendJson(out, random);
  } else if (type == "bytea") {
    fmt::format_to(std::back_inserter(out), "\\\\x{:016x}{:016x}", random.Next(), random.Next());
  } else if (type == "inet" || type == "cidr") {
    fmt::format_to(std::back_inserter(out), "10.{}.{}.{}", random.Below(256), random.Below(256), random.Below(256));
  } else if (type == "point") {
    fmt::format_to(std::back_inserter(out), "({:.4f},{:.4f})", random.Unit() * 180, random.Unit() * 90);
  } else if (type.starts_with('_')) {
    return AppendArray(out, column, index, rows, random);
  } else {
    return false;
  }
  return true;
}

}  // namespace pando::bench
