#include "telemetry/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>

#include "telemetry/log_line.h"

namespace pando::telemetry {
namespace {

std::atomic<Level> g_level = Level::kInfo;
std::atomic<bool> g_is_json = false;
std::atomic<bool> g_is_access_on = false;

// Leaked on purpose: what logs while the process ends must still find it.
std::function<void(std::string_view)>& Sink() {
  static auto* sink = new std::function<void(std::string_view)>();
  return *sink;
}

void Write(std::string_view line) {
  if (Sink()) return Sink()(line);
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    // Nobody reads, or the disk is full: the program goes on without its log.
    if (written <= 0) return;
    line.remove_prefix(static_cast<size_t>(written));
  }
}

// A log call stands in error paths and destructors: it must not throw, not even when memory is short.
template <class MakeLine>
void WriteSafely(const MakeLine& make_line) noexcept {
  const int saved_errno = errno;
  try {
    Write(make_line());
  } catch (...) {
    static constexpr std::string_view kLost = "a log line was lost: no memory for it\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kLost.data(), kLost.size());
  }
  errno = saved_errno;
}

}  // namespace

bool LogEnabled(Level level) { return level != Level::kOff && level >= g_level.load(std::memory_order_relaxed); }

bool AccessLogEnabled() { return g_is_access_on.load(std::memory_order_relaxed); }

void Log(Level level, std::string_view event, std::string_view message, std::initializer_list<LogField> fields) {
  if (!LogEnabled(level)) return;
  WriteSafely([&] {
    const WallTime now = std::chrono::system_clock::now();
    return g_is_json.load(std::memory_order_relaxed) ? JsonLine(now, level, event, message, fields)
                                                     : TextLine(now, level, event, message, fields);
  });
}

void LogAccess(const AccessLine& line) {
  if (!AccessLogEnabled()) return;
  WriteSafely([&] { return AccessJsonLine(std::chrono::system_clock::now(), line); });
}

void ConfigureLog(const LogOptions& options) {
  if (const std::optional<Level> level = ParseLevel(options.level)) g_level = *level;
  if (options.format == "json" || options.format == "text") g_is_json = options.format == "json";
  g_is_access_on = options.access;
}

void SetLogSink(std::function<void(std::string_view line)> sink) { Sink() = std::move(sink); }

}  // namespace pando::telemetry
