// The data folder of the private PostgreSQL: an ordinary PGDATA that PostgreSQL's own tools can work on, with
// pando.lock and pando.conf in it.
//
// Concurrency  single-owner: all but PrepareDataFolder need the FolderLock; block the caller
#pragma once

#include <filesystem>
#include <optional>

#include "base/deadline.h"
#include "base/result.h"
#include "embedded/account.h"
#include "embedded/installation.h"
#include "embedded/stop_check.h"

namespace pando::embedded {

// Makes the folder if need be (0700, the account's), and checks that the account reaches and owns it. `folder` is
// absolute.
//   kEmbeddedStart  out of the account's reach, somebody else's, or cannot be made
Result<void> PrepareDataFolder(const std::filesystem::path& folder, const Account& account);

// The major version that initialised the folder; nullopt when none has.
Result<std::optional<int>> ReadDataVersion(const std::filesystem::path& folder);

// The installed server that can run the folder (the newest for a folder without data).
//   kEmbeddedNotInstalled, kEmbeddedVersion  no server of the folder's version is installed; the hint says what to do
Result<Installation> ChooseInstallation(const std::filesystem::path& folder, const std::filesystem::path& bin,
                                        const Account& account);

// Runs initdb: UTF-8, data checksums, the locale C.UTF-8. All or nothing: a crash in the middle is cleared away by the
// next call. REQUIRES: ReadDataVersion() is nullopt.
//   kEmbeddedStart  initdb failed, or the folder holds something else, or `stop` asked for the end
Result<void> InitialiseDataFolder(const std::filesystem::path& folder, const Installation& installation,
                                  const Account& account, Deadline deadline, const StopCheck& stop = {});

}  // namespace pando::embedded
