// Which functions are known to be harmless. A volatility label is what an author wrote and proves nothing (a STABLE
// function can set the session's role), so only functions whose authors are known count: the server's own, and those of
// well-known extensions; less those listed by name.
//
// Concurrency  pure
#pragma once

#include <span>
#include <string_view>

#include "catalog/function.h"

namespace pando::introspect {

using catalog::Footprint;
using Volatility = catalog::Function::Volatility;

inline constexpr Footprint kHarmless = catalog::kNoFootprint;
inline constexpr Footprint kUnknown = {
    .observes = catalog::Observed::kEverything, .leaves_traces = true, .varies = true, .folds = false};

// Reads settings, and perhaps any of them.
inline constexpr Footprint kObserves = {
    .observes = catalog::Observed::kEverything, .leaves_traces = false, .varies = true, .folds = false};

// The server's own functions that are not VOLATILE and yet read settings, the session's identity, or run statements.
std::span<const std::string_view> WatchedBuiltIns();

// Of pg_proc.provolatile.
Volatility VolatilityOf(char label);

// Of a function with an oid below kFirstUserOid.
Footprint JudgeBuiltIn(std::string_view name, Volatility volatility);

// Of a function that belongs to an extension. `language` is pg_language.lanname.
Footprint JudgeOfExtension(std::string_view extension, std::string_view name, std::string_view language,
                           Volatility volatility);

}  // namespace pando::introspect
