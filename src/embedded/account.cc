#include "embedded/account.h"

#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace pando::embedded {
namespace {

constexpr int kGroupsMax = 256;
constexpr size_t kPartsMax = 250;  // exit statuses are bytes, and the upper ones have a meaning of their own
constexpr int kRefused = 255;

std::vector<gid_t> GroupsOf(const std::string& name, gid_t gid) {
  std::vector<gid_t> groups(kGroupsMax);
  int count = kGroupsMax;
  if (getgrouplist(name.c_str(), gid, groups.data(), &count) < 0) return {gid};
  groups.resize(static_cast<size_t>(count));
  return groups;
}

Account FromPasswd(const passwd& entry) {
  Account account;
  account.name = entry.pw_name;
  account.home = entry.pw_dir;
  account.uid = entry.pw_uid;
  account.gid = entry.pw_gid;
  return account;
}

// The folders from "/" down to the deepest part of `path` that exists.
std::vector<std::string> ExistingParts(const std::filesystem::path& path) {
  std::vector<std::string> parts;
  std::filesystem::path part;
  std::error_code ignored;
  for (const std::filesystem::path& name : path) {
    part /= name;
    if (!std::filesystem::exists(part, ignored) || parts.size() == kPartsMax) break;
    parts.push_back(part.string());
  }
  return parts;
}

}  // namespace

Result<Account> ResolveAccount(const std::string& name) {
  if (geteuid() != 0) {
    Account account;
    if (const passwd* entry = getpwuid(geteuid())) account = FromPasswd(*entry);
    account.uid = geteuid();
    account.gid = getegid();
    return account;
  }
  const passwd* entry = getpwnam(name.c_str());
  if (entry == nullptr) {
    return Error(ErrorId::kEmbeddedStart, "PostgreSQL must not run as root, as Pando does, and there is no account \"" +
                                              name + "\" to run PostgreSQL")
        .WithHint("install PostgreSQL's package, which makes the account, or run Pando as an ordinary user");
  }
  Account account = FromPasswd(*entry);
  if (account.uid == 0) {
    return Error(ErrorId::kEmbeddedStart, "PostgreSQL must not run as root, and the account \"" + name + "\" is root");
  }
  account.groups = GroupsOf(account.name, account.gid);
  account.switches = true;
  return account;
}

bool BecomeAccount(const Account& account) {
  if (!account.switches) return true;
  return setgroups(account.groups.size(), account.groups.data()) == 0 && setgid(account.gid) == 0 &&
         setuid(account.uid) == 0;
}

Result<std::filesystem::path> FindUnreachable(const Account& account, const std::filesystem::path& path) {
  const std::vector<std::string> parts = ExistingParts(path);
  const pid_t child = fork();
  if (child < 0) return Error(ErrorId::kEmbeddedStart, std::string("cannot start a process: ") + std::strerror(errno));
  if (child == 0) {
    if (!BecomeAccount(account)) _exit(kRefused);
    for (size_t i = 0; i < parts.size(); ++i) {
      if (access(parts[i].c_str(), X_OK) != 0) _exit(static_cast<int>(i) + 1);
    }
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) == kRefused) {
    return Error(ErrorId::kEmbeddedStart, "cannot become the account \"" + account.name + "\"");
  }
  if (WEXITSTATUS(status) == 0) return std::filesystem::path();
  return std::filesystem::path(parts[static_cast<size_t>(WEXITSTATUS(status)) - 1]);
}

}  // namespace pando::embedded
