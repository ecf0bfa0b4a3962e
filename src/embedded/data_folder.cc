#include "embedded/data_folder.h"

#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "embedded/file.h"
#include "embedded/folder_lock.h"
#include "embedded/program.h"
#include "embedded/server_log.h"
#include "embedded/settings.h"

namespace pando::embedded {
namespace {

// initdb works here; when it is done, everything moves up, and PG_VERSION, which says that the data is whole, last.
constexpr std::string_view kUnfinished = ".pando-init";
constexpr std::string_view kVersionFile = "PG_VERSION";

bool HasLocale(const char* name) {
  locale_t locale = newlocale(LC_ALL_MASK, name, nullptr);
  if (locale == nullptr) return false;
  freelocale(locale);
  return true;
}

std::vector<std::string> InitdbArguments(const std::filesystem::path& folder, const Installation& installation) {
  std::vector<std::string> arguments = {(installation.bin / "initdb").string(),
                                        "--pgdata=" + folder.string(),
                                        "--username=postgres",
                                        "--encoding=UTF8",
                                        "--data-checksums",
                                        "--auth=trust",
                                        "--no-instructions",
                                        "--no-sync"};
  // Compares by code point and yet knows letters beyond ASCII. From 17 on PostgreSQL brings it along; before, the C
  // library does.
  if (installation.major >= 17) {
    arguments.insert(arguments.end(), {"--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"});
  } else {
    arguments.push_back(HasLocale("C.UTF-8") ? "--locale=C.UTF-8" : "--locale=C");
  }
  return arguments;
}

// Removes what an interrupted initialisation left. Anything else in the folder is somebody's, and stays.
Result<void> ClearUnfinished(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name != FolderLock::kFileName && name != "lost+found") found.push_back(entry.path());
  }
  if (error) return FileError("read", folder, error.value());
  if (found.empty()) return {};
  if (!std::filesystem::exists(folder / kUnfinished, error)) {
    return Error(ErrorId::kEmbeddedStart, "the data folder " + folder.string() +
                                              " is neither empty nor a data folder of PostgreSQL: it holds " +
                                              found.front().filename().string())
        .WithHint("choose another folder in database.url, or empty this one");
  }
  // The mark goes last, so that an interruption of this too is understood.
  for (const std::filesystem::path& path : found) {
    if (path.filename() != kUnfinished) std::filesystem::remove_all(path, error);
  }
  std::filesystem::remove_all(folder / kUnfinished, error);
  return {};
}

Error InitdbFailed(const std::filesystem::path& folder, const ProgramResult& run) {
  const std::string reason = ReasonIn(run.output);
  const Error error = Error(ErrorId::kEmbeddedStart, "initdb could not initialise " + folder.string())
                          .WithDetail(reason.empty() ? run.output : reason);
  if (!SaysDiskFull(run.output)) return error;
  return error.WithHint("make room on that disk, or choose another folder in database.url");
}

Result<void> MoveUp(const std::filesystem::path& unfinished, const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> names;
  for (const auto& entry : std::filesystem::directory_iterator(unfinished, error)) {
    if (entry.path().filename() != kVersionFile) names.push_back(entry.path().filename());
  }
  names.emplace_back(kVersionFile);
  for (size_t i = 0; i < names.size() && !error; ++i) {
    std::filesystem::rename(unfinished / names[i], folder / names[i], error);
  }
  if (error) return FileError("initialise", folder, error.value());
  PANDO_CHECK(SyncFolder(folder));
  std::filesystem::remove(unfinished, error);
  return {};
}

Error OutOfReach(const std::filesystem::path& folder, const std::filesystem::path& barrier, const Account& account) {
  return Error(ErrorId::kEmbeddedStart, "the data folder " + folder.string() + " is out of reach of the account \"" +
                                            account.name + "\", which runs PostgreSQL: it may not enter " +
                                            barrier.string())
      .WithHint(
          "set database.url to embedded:/var/lib/pando/postgres or another folder that the account can reach, or "
          "run Pando as an ordinary user");
}

}  // namespace

Result<void> PrepareDataFolder(const std::filesystem::path& folder, const Account& account) {
  PANDO_TRY(const std::filesystem::path above, FindUnreachable(account, folder.parent_path()));
  if (!above.empty()) return OutOfReach(folder, above, account);
  PANDO_CHECK(MakeFolder(folder, 0700, account));
  struct stat status {};
  if (stat(folder.c_str(), &status) != 0) return FileError("read", folder, errno);
  if (!S_ISDIR(status.st_mode)) return FileError("use", folder, ENOTDIR);
  std::error_code error;
  if (account.switches && status.st_uid == 0 && std::filesystem::is_empty(folder, error)) {
    // An empty folder that root prepared, such as a volume just mounted.
    if (chown(folder.c_str(), account.uid, account.gid) != 0) return FileError("hand over", folder, errno);
    status.st_uid = account.uid;
  }
  if (status.st_uid != account.uid) {
    return Error(ErrorId::kEmbeddedStart, "the data folder " + folder.string() + " does not belong to the account \"" +
                                              account.name + "\", which runs PostgreSQL")
        .WithHint("chown -R " + account.name + " " + folder.string());
  }
  // PostgreSQL refuses a folder that others can look into.
  if ((status.st_mode & 0077) != 0 && chmod(folder.c_str(), 0700) != 0) return FileError("close", folder, errno);
  return {};
}

Result<std::optional<int>> ReadDataVersion(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::path path = folder / kVersionFile;
  if (!std::filesystem::exists(path, error)) return std::optional<int>();
  const std::string text = ReadFile(path, 32);
  int major = 0;
  const auto [end, parse_error] = std::from_chars(text.data(), text.data() + text.size(), major);
  if (parse_error != std::errc()) {
    return Error(ErrorId::kEmbeddedVersion, path.string() + " does not hold a version of PostgreSQL")
        .WithHint("the data folder is damaged; restore it from a backup");
  }
  return std::optional<int>(major);
}

Result<Installation> ChooseInstallation(const std::filesystem::path& folder, const std::filesystem::path& bin,
                                        const Account& account) {
  PANDO_TRY(const std::optional<int> wanted, ReadDataVersion(folder));
  if (!wanted) return FindInstallation(bin, std::nullopt, account);
  const bool supported = *wanted >= kMajorMin && *wanted <= kMajorMax;
  if (supported) {
    Result<Installation> found = FindInstallation(bin, wanted, account);
    if (found) return found;
  }
  PANDO_TRY(const Installation other, FindInstallation(bin, std::nullopt, account));
  const std::string old_version = std::to_string(*wanted);
  const std::string new_version = std::to_string(other.major);
  const std::string install = "install that server (apt-get install postgresql-" + old_version + ")";
  const std::string move = "move the data to PostgreSQL " + new_version +
                           " with pg_upgrade, or with pg_dumpall of the old server into a new folder";
  return Error(ErrorId::kEmbeddedVersion, "the data folder " + folder.string() + " was made by PostgreSQL " +
                                              old_version + ", and PostgreSQL " + new_version + " is installed")
      .WithHint(supported ? install + ", or " + move : move);
}

Result<void> InitialiseDataFolder(const std::filesystem::path& folder, const Installation& installation,
                                  const Account& account, Deadline deadline, const StopCheck& stop) {
  PANDO_CHECK(ClearUnfinished(folder));
  const std::filesystem::path unfinished = folder / kUnfinished;
  PANDO_CHECK(MakeFolder(unfinished, 0700, account));
  PANDO_TRY(const ProgramResult run, RunProgram(InitdbArguments(unfinished, installation), account, deadline, stop));
  if (run.exit_code != 0) return InitdbFailed(folder, run);
  PANDO_CHECK(WriteFile(unfinished / "postgresql.conf", UserSettings(), 0600, account));
  PANDO_CHECK(WriteFile(unfinished / "pg_hba.conf", AccessRules(), 0600, account));
  // Everything is on disk before PG_VERSION says so. In one call: initdb's own, for each of a thousand files, takes
  // seconds on some disks.
  PANDO_CHECK(SyncFileSystem(unfinished));
  return MoveUp(unfinished, folder);
}

}  // namespace pando::embedded
