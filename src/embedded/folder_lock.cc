#include "embedded/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

namespace pando::embedded {
namespace {

// The pid in the file; 0 when there is none yet.
pid_t ReadPid(int file) {
  char text[32] = {};
  if (pread(file, text, sizeof text - 1, 0) <= 0) return 0;
  return static_cast<pid_t>(std::strtol(text, nullptr, 10));
}

bool IsAlive(pid_t pid) { return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM); }

// The holder writes its pid just after it got the lock: for that instant the file may still name the one before.
pid_t ReadHolder(int file) {
  for (int attempt = 0; attempt < 50; ++attempt) {
    const pid_t pid = ReadPid(file);
    if (IsAlive(pid)) return pid;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return 0;
}

Error InUse(const std::filesystem::path& folder, pid_t holder) {
  const std::string who = holder > 0 ? "the Pando with process id " + std::to_string(holder) : "another Pando";
  return Error(ErrorId::kEmbeddedInUse, "the data folder " + folder.string() + " is in use by " + who)
      .WithHint("stop that process first, or set another folder in database.url");
}

}  // namespace

Result<FolderLock> FolderLock::Acquire(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kFileName;
  FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) {
    return Error(ErrorId::kEmbeddedStart, "cannot write " + path.string() + ": " + std::strerror(errno));
  }
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return InUse(folder, ReadHolder(file.get()));
    return Error(ErrorId::kEmbeddedStart, "cannot lock " + path.string() + ": " + std::strerror(errno));
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(file.get(), 0) != 0 ||
      pwrite(file.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return Error(ErrorId::kEmbeddedStart, "cannot write " + path.string() + ": " + std::strerror(errno));
  }
  return FolderLock(std::move(file));
}

}  // namespace pando::embedded
