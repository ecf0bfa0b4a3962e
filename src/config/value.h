// How option values are written: parsed from what a source holds, and printed as TOML and JSON. One set of overloads
// per type of the option vocabulary (base/option.h).
//
// Concurrency  immutable
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/option.h"

namespace pando::config {

using std::chrono::milliseconds;

// What an environment variable or a flag holds: it has no type of its own, and is read as the option's.
struct Text {
  std::string text;
};

// A TOML value of a type that no option has (a date, a float, a list of numbers).
struct Unsupported {
  std::string written;
};

// A value as a source wrote it. Text comes from variables and flags, the others from TOML, where a number is not a
// string.
using Written = std::variant<Text, bool, int64_t, std::string, std::vector<std::string>, Unsupported>;

// The value for an error message: as it was written.
std::string ToString(const Written& written);

// Each parser answers nullopt when the value is not of its type. Which forms there are:
//   bool            TOML boolean; as text true/false, on/off, yes/no, 1/0 in any case
//   uint32          TOML integer; as text decimal digits
//   milliseconds    a number with its unit, 500ms, 10s, 5m or 1h; never a bare number but 0, whose unit does not matter
//   Bytes           a number of bytes, or one with KiB, MiB or GiB
//   list            TOML array of strings; as text separated by commas, blanks around an element do not count, and an
//                   element in double quotes may hold commas (a double quote inside is doubled)
std::optional<bool> ParseBool(const Written& written);
std::optional<uint32_t> ParseUint32(const Written& written);
std::optional<milliseconds> ParseMilliseconds(const Written& written);
std::optional<Bytes> ParseBytes(const Written& written);
std::optional<std::string> ParseString(const Written& written);
std::optional<std::vector<std::string>> ParseList(const Written& written);

// In the largest unit that is exact: 90s, 5m, 10MiB, 1000.
std::string Format(milliseconds span);
std::string Format(Bytes size);

// `text` as a TOML basic string, with its quotes. It is a JSON string as well.
std::string Quoted(std::string_view text);
std::string QuotedList(const std::vector<std::string>& list);

// Hides a password that stands in a URI (scheme://user:password@host, password=...) or a key=value connection string:
// "***" takes its place.
std::string MaskPassword(std::string_view text);

}  // namespace pando::config
