// "Did you mean ...?": the known name that a mistyped one is closest to.
//
// Concurrency  immutable
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pando::config {

// Characters to insert, remove, replace or swap with a neighbour, to make one of the other (optimal string alignment).
size_t EditDistance(std::string_view a, std::string_view b);

// The closest of `known`, the first of equals, and at most a third of the name's length away (so that nothing
// far-fetched is proposed); else the first that is `name` behind a section; else nullopt.
std::optional<std::string> Nearest(std::string_view name, std::span<const std::string> known);

// `did you mean "http.listen"?`, or nullopt.
std::optional<std::string> NearestHint(std::string_view name, std::span<const std::string> known);

}  // namespace pando::config
