#include "embedded/server_log.h"

#include <array>

#include "embedded/file.h"

namespace pando::embedded {
namespace {

constexpr size_t kReasonBytesMax = 1000;
constexpr size_t kLogBytesMax = 256 << 10;

bool IsReason(std::string_view line) {
  static constexpr auto kMarks =
      std::to_array<std::string_view>({"FATAL:  ", "PANIC:  ", "ERROR:  ", "DETAIL:  ", "HINT:  "});
  // Said at each start, and no reason.
  if (line.find("HINT:  Future log output will appear") != std::string_view::npos) return false;
  for (std::string_view mark : kMarks) {
    if (line.find(mark) != std::string_view::npos) return true;
  }
  return false;
}

std::string Joined(std::string_view text, bool (*keep)(std::string_view)) {
  std::string joined;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || !keep(line)) continue;
    if (!joined.empty()) joined += "; ";
    joined += line;
  }
  if (joined.size() > kReasonBytesMax) joined.erase(0, joined.size() - kReasonBytesMax);
  return joined;
}

}  // namespace

std::string ReasonIn(std::string_view text) {
  std::string reason = Joined(text, IsReason);
  if (!reason.empty()) return reason;
  return Joined(text, [](std::string_view) { return true; });
}

std::string FindReason(const std::filesystem::path& data_folder, std::filesystem::file_time_type since) {
  std::string text = ReadFile(data_folder / kStartLog, kLogBytesMax);
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(data_folder / "log", error)) {
    std::error_code gone;
    if (entry.last_write_time(gone) < since || gone) continue;
    std::string lines = ReadFile(entry.path(), size_t{64} << 20);
    if (lines.size() > kLogBytesMax) lines.erase(0, lines.size() - kLogBytesMax);
    text += "\n" + lines;
  }
  return ReasonIn(text);
}

}  // namespace pando::embedded
