#include "embedded/server_log.h"

#include <algorithm>
#include <array>

#include "embedded/file.h"

namespace pando::embedded {
namespace {

constexpr size_t kReasonBytesMax = 1000;
constexpr size_t kLogBytesMax = 256 << 10;

// What it says at each start.
bool IsUsual(std::string_view line) {
  return line.find("LOG:  redirecting log output") != std::string_view::npos ||
         line.find("HINT:  Future log output will appear") != std::string_view::npos;
}

bool IsUnusual(std::string_view line) { return !IsUsual(line); }

bool IsReason(std::string_view line) {
  static constexpr auto kMarks =
      std::to_array<std::string_view>({"FATAL:  ", "PANIC:  ", "DETAIL:  ", "HINT:  ", "initdb: error: "});
  return !IsUsual(line) && std::any_of(kMarks.begin(), kMarks.end(), [line](std::string_view mark) {
    return line.find(mark) != std::string_view::npos;
  });
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

std::string ReasonIn(std::string_view text) { return Joined(text, IsReason); }

bool SaysDiskFull(std::string_view text) {
  return text.find("No space left on device") != std::string_view::npos ||
         text.find("Check free disk space") != std::string_view::npos;
}

LogEnds MarkLogEnds(const std::filesystem::path& data_folder) {
  LogEnds ends;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(data_folder / "log", error)) {
    std::error_code gone;
    const uintmax_t size = entry.file_size(gone);
    if (!gone) ends[entry.path()] = size;
  }
  return ends;
}

std::string FindReason(const std::filesystem::path& data_folder, const LogEnds& before) {
  std::string reason = Joined(ReadFile(data_folder / kStartLog, kLogBytesMax), IsUnusual);
  for (const auto& [path, size] : MarkLogEnds(data_folder)) {
    const auto known = before.find(path);
    // A file that is shorter than it was has been begun anew.
    const uintmax_t start = known != before.end() && known->second <= size ? known->second : 0;
    const std::string lines = ReasonIn(ReadFileFrom(path, start, kLogBytesMax));
    if (!reason.empty() && !lines.empty()) reason += "; ";
    reason += lines;
  }
  return reason;
}

}  // namespace pando::embedded
