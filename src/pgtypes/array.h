// Array literals: the text form of a one-dimensional array (PostgreSQL documentation 8.15.6).
//
// Concurrency  immutable
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pando::pgtypes {

// {"a","b \"c\"",NULL}: every element is quoted, so that no element is read as NULL or as syntax; nullopt is NULL.
std::string ArrayLiteral(std::span<const std::optional<std::string>> elements);
std::string ArrayLiteral(std::span<const std::string> elements);

}  // namespace pando::pgtypes
