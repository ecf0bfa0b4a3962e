#include "embedded/installation.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <sstream>

#include "embedded/program.h"

namespace pando::embedded {
namespace {

using std::chrono::seconds;

bool IsProgram(const std::filesystem::path& path) { return access(path.c_str(), X_OK) == 0; }

bool HoldsServer(const std::filesystem::path& bin) { return IsProgram(bin / "postgres") && IsProgram(bin / "initdb"); }

std::optional<int> ServerVersion(const std::filesystem::path& bin, const Account& account) {
  if (!HoldsServer(bin)) return std::nullopt;
  const std::vector<std::string> arguments = {(bin / "postgres").string(), "--version"};
  const Result<ProgramResult> run = RunProgram(arguments, account, Deadline::After(seconds(10)));
  if (!run || run->exit_code != 0) return std::nullopt;
  return ParseServerVersion(run->output);
}

// The folders that Debian's and PGDG's packages use carry the version in their name: nothing needs to be run.
std::optional<Installation> FindPackaged(int major) {
  const std::string version = std::to_string(major);
  for (const std::string& bin : {"/usr/lib/postgresql/" + version + "/bin", "/usr/pgsql-" + version + "/bin"}) {
    if (HoldsServer(bin)) return Installation{bin, major};
  }
  return std::nullopt;
}

std::vector<std::filesystem::path> FoldersOnPath(const Account& account) {
  std::vector<std::filesystem::path> folders;
  const char* path = std::getenv("PATH");
  std::istringstream stream(path != nullptr ? path : "");
  for (std::string folder; std::getline(stream, folder, ':');) {
    if (!folder.starts_with('/')) continue;
    folders.emplace_back(folder);
    if (!IsProgram(folders.back() / "pg_config")) continue;
    const std::vector<std::string> arguments = {folder + "/pg_config", "--bindir"};
    Result<ProgramResult> run = RunProgram(arguments, account, Deadline::After(seconds(10)));
    if (run && run->exit_code == 0) folders.emplace_back(run->output.substr(0, run->output.find('\n')));
  }
  return folders;
}

bool Fits(int major, std::optional<int> wanted) {
  return wanted ? major == *wanted : major >= kMajorMin && major <= kMajorMax;
}

Error NotInstalled(std::optional<int> wanted) {
  if (wanted) {
    const std::string package = "postgresql-" + std::to_string(*wanted);
    return Error(ErrorId::kEmbeddedNotInstalled, "no server of PostgreSQL " + std::to_string(*wanted) + " is installed")
        .WithHint("install it (apt-get install " + package + ")");
  }
  return Error(ErrorId::kEmbeddedNotInstalled, "no server of PostgreSQL " + std::to_string(kMajorMin) + " to " +
                                                   std::to_string(kMajorMax) + " is installed")
      .WithHint("install one (apt-get install postgresql), or set database.url to another PostgreSQL server");
}

}  // namespace

std::optional<int> ParseServerVersion(const std::string& line) {
  constexpr std::string_view kBefore = "(PostgreSQL) ";
  const size_t at = line.find(kBefore);
  if (at == std::string::npos) return std::nullopt;
  int major = 0;
  const char* begin = line.data() + at + kBefore.size();
  const auto [end, error] = std::from_chars(begin, line.data() + line.size(), major);
  if (error != std::errc()) return std::nullopt;
  return major;
}

Result<Installation> FindInstallation(const std::filesystem::path& bin, std::optional<int> wanted,
                                      const Account& account) {
  if (!bin.empty()) {
    const std::optional<int> major = ServerVersion(bin, account);
    if (major && Fits(*major, wanted)) return Installation{bin, *major};
    return NotInstalled(wanted);
  }
  for (int major = kMajorMax; major >= kMajorMin; --major) {
    if (!Fits(major, wanted)) continue;
    if (std::optional<Installation> found = FindPackaged(major)) return *found;
  }
  std::optional<Installation> newest;
  for (const std::filesystem::path& folder : FoldersOnPath(account)) {
    const std::optional<int> major = ServerVersion(folder, account);
    if (major && Fits(*major, wanted) && (!newest || *major > newest->major)) newest = Installation{folder, *major};
  }
  if (newest) return *newest;
  return NotInstalled(wanted);
}

}  // namespace pando::embedded
