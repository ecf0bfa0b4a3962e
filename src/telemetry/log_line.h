// How a log line looks. Pure functions.
//
// Concurrency  immutable
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "telemetry/log.h"

namespace pando::telemetry {

using WallTime = std::chrono::system_clock::time_point;

std::string_view ToString(Level level);
std::optional<Level> ParseLevel(std::string_view name);

// "2026-01-31T23:59:59.123Z"
std::string FormatTime(WallTime time);

// 2026-01-31T23:59:59.123Z warn pool.exhausted: no connection became free waiting=12
std::string TextLine(WallTime time, Level level, std::string_view event, std::string_view message,
                     std::initializer_list<LogField> fields);
// {"time":"2026-01-31T23:59:59.123Z","level":"warn","event":"pool.exhausted","message":"...","waiting":12}
std::string JsonLine(WallTime time, Level level, std::string_view event, std::string_view message,
                     std::initializer_list<LogField> fields);
std::string AccessJsonLine(WallTime time, const AccessLine& line);

// At most 1 KiB of `text` that is valid UTF-8 and holds no control character: those of C0, DEL and C1 become \xNN, a
// byte that is no UTF-8 becomes U+FFFD, and "..." stands for what was cut off.
std::string Sanitized(std::string_view text);

}  // namespace pando::telemetry
