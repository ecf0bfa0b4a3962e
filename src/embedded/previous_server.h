// What the Pando before left running on the data folder.
//
// Concurrency  single-owner: needs the FolderLock; blocks the caller
#pragma once

#include <filesystem>
#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "embedded/stop_check.h"

namespace pando::embedded {

// What postmaster.pid says (PostgreSQL documentation, section 19.3): the process, and "starting", "ready" or
// "stopping".
struct PostmasterFile {
  pid_t pid = 0;       // 0: there is no such file
  std::string status;  // empty early in a start
};
PostmasterFile ReadPostmasterFile(const std::filesystem::path& folder);

// Returns when no process of PostgreSQL works on the folder any more, and removes a postmaster.pid that was left: its
// pid may belong to somebody else by now. A server whose Pando was killed is on its way out; backends that lost theirs
// are told to go.
//   kEmbeddedInUse  a server that is not going runs on it, or it is not gone at the deadline, or when `stop` asks
Result<void> AwaitPreviousServer(const std::filesystem::path& folder, Deadline deadline, const StopCheck& stop = {});

// Removes a socket of this data folder that was left, with its lock file, whose pid may belong to somebody else too.
// Those of another data folder stay. REQUIRES: AwaitPreviousServer() said that no server is left.
void RemoveStaleSocket(const std::filesystem::path& socket_folder, const std::filesystem::path& data_folder);

}  // namespace pando::embedded
