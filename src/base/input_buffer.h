// The bytes received and not yet consumed, contiguous. Small while a connection is idle; grows up to what a caller
// asks.
//
// Concurrency  single-owner
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace pando {

class InputBuffer {
 public:
  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  size_t size() const { return end_ - begin_; }

  // Free space for at least `bytes_min` > 0 bytes behind the unread ones. Views taken before are no longer valid.
  std::span<char> Prepare(size_t bytes_min);
  // The first `count` bytes of the prepared space were filled.
  void Commit(size_t count);
  // The first `count` bytes of view() are done with. REQUIRES: count <= size().
  void Consume(size_t count);
  // Gives memory back beyond `capacity_max`. Does nothing unless empty.
  void ShrinkTo(size_t capacity_max);

 private:
  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace pando
