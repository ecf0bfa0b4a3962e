// The settings that our connections have whatever the database, the role or a pooler says: those that decide how values
// and messages are written.
//
// Concurrency  immutable
// Internal to pg/.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace pando::pg {

inline constexpr auto kKnownSettings = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"DateStyle", "ISO"},
    {"IntervalStyle", "postgres"},
    {"extra_float_digits", "1"},
    {"bytea_output", "hex"},
    {"standard_conforming_strings", "on"},
    {"quote_all_identifiers", "off"},  // the names of types are read as the server prints them
    {"client_min_messages", "error"},  // nobody reads notices
});
// The start-up packet has a parameter of its own for it.
inline constexpr std::string_view kClientEncoding = "UTF8";

}  // namespace pando::pg
