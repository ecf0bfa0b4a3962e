// Text that grows piece by piece. Unlike a std::string it does not fill with zeros what is written over at once.
//
// Concurrency  single-owner
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/assert.h"

namespace pando {

// Copies both ends of a text that is from sizeof(Word) to twice as many bytes: they meet in the middle.
template <class Word>
void CopyEnds(char* to, std::string_view text) {
  Word first, last;
  std::memcpy(&first, text.data(), sizeof(Word));
  std::memcpy(&last, text.data() + text.size() - sizeof(Word), sizeof(Word));
  std::memcpy(to, &first, sizeof(Word));
  std::memcpy(to + text.size() - sizeof(Word), &last, sizeof(Word));
}

// Returns the end. Most texts of an answer are short: what a call of memcpy costs is more than to copy them.
inline char* WriteText(char* to, std::string_view text) {
  const size_t size = text.size();
  if (size > 2 * sizeof(uint64_t)) {
    std::memcpy(to, text.data(), size);
  } else if (size >= sizeof(uint64_t)) {
    CopyEnds<uint64_t>(to, text);
  } else if (size >= sizeof(uint32_t)) {
    CopyEnds<uint32_t>(to, text);
  } else if (size >= sizeof(uint16_t)) {
    CopyEnds<uint16_t>(to, text);
  } else if (size > 0) {
    *to = text.front();
  }
  return to + size;
}

class TextBuffer {
 public:
  TextBuffer() = default;
  TextBuffer(const TextBuffer& other) { Append(other.view()); }
  TextBuffer(TextBuffer&& other) noexcept
      : text_(std::move(other.text_)),
        capacity_(std::exchange(other.capacity_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  TextBuffer& operator=(TextBuffer other) noexcept {
    std::swap(text_, other.text_);
    std::swap(capacity_, other.capacity_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~TextBuffer() = default;

  std::string_view view() const { return {text_.get(), size_}; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }

  // Behind the text, room for `bytes` more: what is written there becomes text by EndAt(). Views taken before are no
  // longer valid.
  char* Space(size_t bytes) {
    if (capacity_ - size_ < bytes) Grow(bytes);
    return text_.get() + size_;
  }
  // REQUIRES: within the text or its room
  void EndAt(const char* end) {
    size_ = static_cast<size_t>(end - text_.get());
    PANDO_ASSERT(size_ <= capacity_);
  }
  void Append(std::string_view piece) { EndAt(WriteText(Space(piece.size()), piece)); }
  // REQUIRES: size <= size()
  void Truncate(size_t size) { size_ = size; }
  // Forgets the text, and gives its memory back when it is more than `capacity_max`.
  void Clear(size_t capacity_max) {
    size_ = 0;
    if (capacity_ <= capacity_max) return;
    text_.reset();
    capacity_ = 0;
  }

 private:
  void Grow(size_t bytes) {
    const size_t capacity = std::max(capacity_ * 2, size_ + bytes);
    auto grown = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ > 0) std::memcpy(grown.get(), text_.get(), size_);
    text_ = std::move(grown);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> text_;
  size_t capacity_ = 0;
  size_t size_ = 0;
};

}  // namespace pando
