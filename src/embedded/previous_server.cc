#include "embedded/previous_server.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <sstream>
#include <thread>
#include <vector>

#include "embedded/file.h"
#include "embedded/socket_folder.h"

namespace pando::embedded {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPollInterval{10};
// The supervisor of a Pando that was killed acts within milliseconds; on a crowded machine, within this.
constexpr milliseconds kNoticeTime{3000};
constexpr milliseconds kOrphanTime{2000};

// The processes named "postgres" whose working folder is `folder`, as it is for a postmaster and all its children.
std::vector<pid_t> ProcessesOn(const std::filesystem::path& folder) {
  std::vector<pid_t> pids;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, parse_error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parse_error != std::errc() || end != name.data() + name.size()) continue;
    std::error_code unreadable;
    if (std::filesystem::read_symlink(entry.path() / "cwd", unreadable) != folder || unreadable) continue;
    if (ReadFile(entry.path() / "comm", 32) == "postgres\n") pids.push_back(pid);
  }
  return pids;
}

Error StillRunning(const std::filesystem::path& folder, pid_t pid) {
  return Error(ErrorId::kEmbeddedInUse, "the data folder " + folder.string() +
                                            " is in use by a PostgreSQL server with process id " + std::to_string(pid) +
                                            " that Pando did not start")
      .WithHint("stop that server first (kill -INT " + std::to_string(pid) + ")");
}

}  // namespace

PostmasterFile ReadPostmasterFile(const std::filesystem::path& folder) {
  std::istringstream lines(ReadFile(folder / "postmaster.pid", 4096));
  PostmasterFile file;
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (number == 1) std::from_chars(line.data(), line.data() + line.size(), file.pid);
    if (number == 8) file.status = line.substr(0, line.find(' '));
  }
  return file;
}

Result<void> AwaitPreviousServer(const std::filesystem::path& folder, Deadline deadline, const StopCheck& stop) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder / "postmaster.pid", ignored)) return {};
  const std::filesystem::path working_folder = std::filesystem::canonical(folder, ignored);
  const Deadline notice = Deadline::After(kNoticeTime);
  const Deadline orphans = Deadline::After(kOrphanTime);
  for (;;) {
    const std::vector<pid_t> pids = ProcessesOn(working_folder);
    if (pids.empty()) break;
    if (IsAsked(stop)) return StillRunning(folder, pids.front());
    const PostmasterFile file = ReadPostmasterFile(folder);
    if (std::find(pids.begin(), pids.end(), file.pid) != pids.end()) {
      const bool going = file.status == "stopping";
      if (deadline.passed() || (!going && notice.passed())) return StillRunning(folder, file.pid);
    } else {
      for (pid_t pid : pids) kill(pid, orphans.passed() ? SIGKILL : SIGQUIT);
      if (deadline.passed()) return StillRunning(folder, pids.front());
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  if (unlink((folder / "postmaster.pid").c_str()) != 0 && errno != ENOENT) {
    return FileError("remove", folder / "postmaster.pid", errno);
  }
  return {};
}

void RemoveStaleSocket(const std::filesystem::path& socket_folder, const std::filesystem::path& data_folder) {
  const std::filesystem::path socket = socket_folder.string() + std::string(kSocketName);
  const std::filesystem::path lock = socket.string() + ".lock";
  std::istringstream lines(ReadFile(lock, 4096));
  std::string pid;
  std::string folder;
  if (!std::getline(lines, pid) || !std::getline(lines, folder) || folder != data_folder.string()) return;
  unlink(socket.c_str());
  unlink(lock.c_str());
}

}  // namespace pando::embedded
