// Structured log: one line an event, to standard error, as text or JSON (log.format).
//
//   Log(Level::kWarn, "pool.exhausted", "no connection became free", {{"waiting", 12}});
//
// Concurrency  thread-safe. Never blocks on a slow reader for more than one write; secrets and row data stay out.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace pando::telemetry {

enum class Level { kDebug, kInfo, kWarn, kError, kOff };

struct LogField {
  std::string_view name;
  std::variant<std::string_view, int64_t, double, bool> value;
};

// `event` is a stable dotted name from the inventory; `message` a sentence for people.
void Log(Level level, std::string_view event, std::string_view message, std::initializer_list<LogField> fields = {});

// True when a Log() of that level would be written: guards the making of costly fields.
bool LogEnabled(Level level);

}  // namespace pando::telemetry
