// The folder of the Unix socket, which is the only way to the private PostgreSQL.
//
// Concurrency  pure functions on the file system; block the caller
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "embedded/account.h"

namespace pando::embedded {

// The path of a Unix socket has at most 107 bytes, and this stands behind the folder's.
inline constexpr std::string_view kSocketName = "/.s.PGSQL.5432";
inline constexpr size_t kSocketPathBytesMax = 107;

bool FitsSocket(const std::filesystem::path& folder);

// Where the socket goes when nobody said: as root below /run/pando; else in the data folder, or where that is too long,
// in a short folder below XDG_RUNTIME_DIR or /tmp. Different data folders have different sockets.
std::filesystem::path DefaultSocketFolder(const std::filesystem::path& data_folder, const Account& account);

// Makes the folder (0700, the account's).
//   kEmbeddedStart  the path is too long, out of the account's reach, or the folder is somebody else's
Result<void> PrepareSocketFolder(const std::filesystem::path& folder, const Account& account);

}  // namespace pando::embedded
