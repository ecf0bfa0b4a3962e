// File descriptors that close themselves, and the few things a child does between fork and exec.
//
// Concurrency  single-owner
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"

namespace pando::embedded {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      Close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~FileDescriptor() { Close(); }

  void Close();
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Both ends are closed on exec.
struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
  //   kEmbeddedStart  out of file descriptors
  static Result<Pipe> Open();
};

// True when `fd` can be read, or its other end is gone; false when the deadline passed first.
bool WaitReadable(int fd, Deadline deadline);

// For execve: pointers to the texts, with a null behind them. Valid as long as `texts`.
std::vector<char*> PointersTo(const std::vector<std::string>& texts);

// Async-signal-safe, for children: gives all signals their default action and unblocks them / closes all descriptors
// from `first` on.
void ResetSignals();
void CloseFrom(int first);

}  // namespace pando::embedded
