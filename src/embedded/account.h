// The operating system's account that runs PostgreSQL, which refuses to run as root.
//
// Concurrency  immutable
#pragma once

#include <sys/types.h>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace pando::embedded {

struct Account {
  std::string name;
  std::filesystem::path home;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool switches = false;  // this process is root and becomes the account in its children
};

// Root: the account of that name. Anybody else: the account that runs this process, and `name` is not looked at.
//   kEmbeddedStart  there is no such account, or it is root itself
Result<Account> ResolveAccount(const std::string& name);

// Becomes the account for good, in a child process between fork and exec: async-signal-safe. False when refused.
bool BecomeAccount(const Account& account);

// Which part of `path`, from the root on, the account may not enter; empty when it reaches all that exists of it.
// `path` must be absolute. A look at the permission bits would miss access lists and read-only mounts: a child that has
// become the account tries.
Result<std::filesystem::path> FindUnreachable(const Account& account, const std::filesystem::path& path);

}  // namespace pando::embedded
