// Small files written so that a crash leaves the old one or the new one, never half of it.
//
// Concurrency  pure functions on the file system; block the caller
#pragma once

#include <sys/types.h>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "embedded/account.h"

namespace pando::embedded {

// The whole file, at most `bytes_max` of it; empty when it cannot be read.
std::string ReadFile(const std::filesystem::path& path, size_t bytes_max);

// The same from a place in the file on.
std::string ReadFileFrom(const std::filesystem::path& path, uintmax_t start, size_t bytes_max);

// Replaces `path` through a temporary file beside it, synced to disk. As root the file is handed to the account.
//   kEmbeddedStart  cannot be written; the message says why (no space, read-only ...)
Result<void> WriteFile(const std::filesystem::path& path, std::string_view text, mode_t mode, const Account& owner);

// Makes renames in the folder durable.
Result<void> SyncFolder(const std::filesystem::path& folder);

// Writes out all that the file system of the folder holds in memory.
Result<void> SyncFileSystem(const std::filesystem::path& folder);

// Makes the folder itself with `mode` and as root hands it to the account; missing folders above it become ours, 0755.
// Does nothing when it is there. Permissions do not depend on the umask.
Result<void> MakeFolder(const std::filesystem::path& folder, mode_t mode, const Account& owner);

// "cannot VERB PATH: No space left on device", with a hint for the errors that people meet.
Error FileError(std::string_view verb, const std::filesystem::path& path, int error_number);

}  // namespace pando::embedded
