#include "embedded/socket_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "embedded/defaults.h"
#include "embedded/file.h"

namespace pando::embedded {
namespace {

// FNV-1a: a short name for a data folder, the same at each start.
std::string NameOf(const std::filesystem::path& data_folder) {
  uint64_t hash = 14695981039346656037ULL;
  for (char c : data_folder.string()) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ULL;
  std::string name;
  for (int i = 0; i < 8; ++i, hash >>= 4) name.push_back("0123456789abcdef"[hash & 15]);
  return name;
}

std::filesystem::path ShortFolder(const std::filesystem::path& data_folder, const Account& account) {
  const std::string name = "pando-" + NameOf(data_folder);
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && *runtime == '/') {
    const std::filesystem::path folder = std::filesystem::path(runtime) / name;
    if (FitsSocket(folder)) return folder;
  }
  return std::filesystem::path("/tmp") / (name + "-" + std::to_string(account.uid));
}

}  // namespace

bool FitsSocket(const std::filesystem::path& folder) {
  // PostgreSQL makes a lock file beside the socket; the limit is the socket's alone.
  return folder.string().size() + kSocketName.size() <= kSocketPathBytesMax;
}

std::filesystem::path DefaultSocketFolder(const std::filesystem::path& data_folder, const Account& account) {
  if (account.switches) {
    const std::filesystem::path run = kRootSocketFolder;
    return data_folder == kRootDataFolder ? run : std::filesystem::path(run.string() + "-" + NameOf(data_folder));
  }
  const std::filesystem::path beside = data_folder / "pando.socket";
  return FitsSocket(beside) ? beside : ShortFolder(data_folder, account);
}

Result<void> PrepareSocketFolder(const std::filesystem::path& folder, const Account& account) {
  if (!FitsSocket(folder)) {
    return Error(ErrorId::kEmbeddedStart, "the socket folder " + folder.string() + " has " +
                                              std::to_string(folder.string().size()) +
                                              " bytes, and a Unix socket's path leaves room for " +
                                              std::to_string(kSocketPathBytesMax - kSocketName.size()))
        .WithHint("set embedded.socket_folder to a shorter path");
  }
  PANDO_CHECK(MakeFolder(folder, 0700, account));
  struct stat status {};
  // lstat: in a folder that all may write to, somebody may have put a link here.
  if (lstat(folder.c_str(), &status) != 0) return FileError("read", folder, errno);
  if (!S_ISDIR(status.st_mode) || status.st_uid != account.uid) {
    return Error(ErrorId::kEmbeddedStart,
                 "the socket folder " + folder.string() + " is not a folder of the account \"" + account.name + "\"")
        .WithHint("remove it, or set embedded.socket_folder to another path");
  }
  if ((status.st_mode & 0777) != 0700 && chmod(folder.c_str(), 0700) != 0) return FileError("close", folder, errno);
  PANDO_TRY(const std::filesystem::path barrier, FindUnreachable(account, folder));
  if (!barrier.empty()) {
    return Error(ErrorId::kEmbeddedStart, "the socket folder " + folder.string() +
                                              " is out of reach of the account \"" + account.name +
                                              "\": it may not enter " + barrier.string())
        .WithHint("set embedded.socket_folder to another path");
  }
  return {};
}

}  // namespace pando::embedded
