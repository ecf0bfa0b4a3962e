#include "base/input_buffer.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace pando {

std::span<char> InputBuffer::Prepare(size_t bytes_min) {
  if (empty()) begin_ = end_ = 0;
  if (capacity_ - end_ < bytes_min) {
    const size_t unread = size();
    if (capacity_ - unread >= bytes_min) {
      std::memmove(data_.get(), data_.get() + begin_, unread);
    } else {
      const size_t capacity = std::max(unread + bytes_min, std::min(capacity_ * 2, unread + bytes_min * 2));
      auto grown = std::make_unique_for_overwrite<char[]>(capacity);
      if (unread > 0) std::memcpy(grown.get(), data_.get() + begin_, unread);
      data_ = std::move(grown);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = unread;
  }
  return {data_.get() + end_, capacity_ - end_};
}

void InputBuffer::Commit(size_t count) {
  PANDO_ASSERT(count <= capacity_ - end_);
  end_ += count;
}

void InputBuffer::Consume(size_t count) {
  PANDO_ASSERT(count <= size());
  begin_ += count;
}

void InputBuffer::ShrinkTo(size_t capacity_max) {
  if (!empty() || capacity_ <= capacity_max) return;
  data_.reset();
  capacity_ = begin_ = end_ = 0;
}

}  // namespace pando
