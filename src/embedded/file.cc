#include "embedded/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "embedded/file_descriptor.h"

namespace pando::embedded {
namespace {

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    text.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

Error FileError(std::string_view verb, const std::filesystem::path& path, int error_number) {
  Error error(ErrorId::kEmbeddedStart,
              "cannot " + std::string(verb) + " " + path.string() + ": " + std::strerror(error_number));
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return error.WithHint("make room on that disk, or choose another folder in database.url");
    case EACCES:
    case EPERM:
    case EROFS:
      return error.WithHint("choose a folder that the account may write to in database.url");
    default:
      return error;
  }
}

std::string ReadFile(const std::filesystem::path& path, size_t bytes_max) { return ReadFileFrom(path, 0, bytes_max); }

std::string ReadFileFrom(const std::filesystem::path& path, uintmax_t start, size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(start));
  std::string text(bytes_max, '\0');
  file.read(text.data(), static_cast<std::streamsize>(bytes_max));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

Result<void> WriteFile(const std::filesystem::path& path, std::string_view text, mode_t mode, const Account& owner) {
  const std::filesystem::path temporary = path.string() + ".tmp";
  unlink(temporary.c_str());  // of a process that was killed here
  FileDescriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file.valid()) return FileError("write", temporary, errno);
  const bool handed_over = !owner.switches || fchown(file.get(), owner.uid, owner.gid) == 0;
  if (!handed_over || fchmod(file.get(), mode) != 0 || !WriteAll(file.get(), text) || fsync(file.get()) != 0 ||
      rename(temporary.c_str(), path.c_str()) != 0) {
    const int error_number = errno;
    unlink(temporary.c_str());
    return FileError("write", path, error_number);
  }
  return SyncFolder(path.parent_path());
}

Result<void> SyncFolder(const std::filesystem::path& folder) {
  FileDescriptor file(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.valid() || fsync(file.get()) != 0) return FileError("sync", folder, errno);
  return {};
}

Result<void> SyncFileSystem(const std::filesystem::path& folder) {
  FileDescriptor file(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.valid() || syncfs(file.get()) != 0) return FileError("sync", folder, errno);
  return {};
}

Result<void> MakeFolder(const std::filesystem::path& folder, mode_t mode, const Account& owner) {
  std::error_code ignored;
  if (std::filesystem::is_directory(folder, ignored)) return {};
  if (folder.has_parent_path() && !std::filesystem::exists(folder.parent_path(), ignored)) {
    Account ours;
    PANDO_CHECK(MakeFolder(folder.parent_path(), 0755, ours));
  }
  if (mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) return FileError("make the folder", folder, errno);
  if (chmod(folder.c_str(), mode) != 0 || (owner.switches && chown(folder.c_str(), owner.uid, owner.gid) != 0)) {
    return FileError("make the folder", folder, errno);
  }
  return {};
}

}  // namespace pando::embedded
