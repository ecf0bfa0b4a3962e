// At most one Pando uses a data folder: it holds a lock on a file in it, which also names it.
//
// Concurrency  single-owner. The kernel gives the lock up when this process ends, however it ends: the descriptor is
//              closed on exec, and the supervisor closes its copy first thing.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "embedded/file_descriptor.h"

namespace pando::embedded {

class FolderLock {
 public:
  static constexpr std::string_view kFileName = "pando.lock";

  // `folder` exists.
  //   kEmbeddedInUse  another process holds it; the message has its pid     kEmbeddedStart  cannot write there
  static Result<FolderLock> Acquire(const std::filesystem::path& folder);

 private:
  explicit FolderLock(FileDescriptor file) : file_(std::move(file)) {}

  FileDescriptor file_;
};

}  // namespace pando::embedded
