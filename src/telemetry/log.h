// Structured log: one line an event, to standard error, as text or JSON (log.format).
//
//   Log(Level::kWarn, "database.away", "Pando cannot connect to the database", {{"error", error.ToString()}});
//
// Concurrency  thread-safe. Never blocks on a slow reader for more than one write; secrets and row data stay out.
// Bounds       1 KiB for the message and for each text field, cut at a character. A line of up to 4 KiB is one write,
//              which no other process can split (PIPE_BUF).
// Forging      control characters are escaped, so that what a client sends never begins a line or moves a terminal.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <variant>

#include "base/deadline.h"
#include "telemetry/options.h"

namespace pando::telemetry {

enum class Level { kDebug, kInfo, kWarn, kError, kOff };

struct LogField {
  std::string_view name;
  std::variant<std::string_view, int64_t, double, bool> value;
};

// `event` is a stable dotted name from the inventory (log_inventory.h), written out here; `message` a sentence for
// people.
void Log(Level level, std::string_view event, std::string_view message, std::initializer_list<LogField> fields = {});

// True when a Log() of that level would be written: guards the making of costly fields.
bool LogEnabled(Level level);

// Takes the options, at start and on reload. A level or format that is none of the listed ones leaves what was.
void ConfigureLog(const LogOptions& options);

// One request, for the access log. Only the path of the target: filters in the query are data.
struct AccessLine {
  std::string_view request_id;
  std::string_view remote_address;
  std::string_view method;
  std::string_view path;
  std::string_view role;  // empty when nobody was authenticated
  int status = 0;         // 0: the client was gone before an answer
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  Clock::duration duration{};
};

// Writes the line when log.access is on, as JSON.
void LogAccess(const AccessLine& line);
// True when LogAccess() would write.
bool AccessLogEnabled();

// Where complete lines go, their newline included, instead of standard error; an empty function puts standard error
// back. For tests.
// REQUIRES: no other thread logs meanwhile.
void SetLogSink(std::function<void(std::string_view line)> sink);

}  // namespace pando::telemetry
