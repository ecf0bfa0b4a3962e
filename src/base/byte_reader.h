// A ByteReader takes numbers in network byte order and texts off the front of some bytes, one after the other. After
// the first thing that is not there, nothing is.
//
// Concurrency  single-owner
// Ownership    not of the bytes, which outlive it and what it hands out
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/byte_order.h"

namespace pando {

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  uint8_t Byte() { return Number<uint8_t>(); }
  uint16_t Int16() { return Number<uint16_t>(); }
  uint32_t Int32() { return Number<uint32_t>(); }
  uint64_t Int64() { return Number<uint64_t>(); }

  // Ended by a zero byte.
  std::string_view Text() {
    const size_t end = rest_.find('\0');
    if (end == std::string_view::npos) return Fail();
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::string_view Bytes(size_t count) {
    if (count > rest_.size()) return Fail();
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  // As many things as are announced, each of at least one byte.
  size_t Count(size_t announced) {
    if (announced > rest_.size()) Fail();
    return ok_ ? announced : 0;
  }

  void Refuse() { Fail(); }
  bool ok() const { return ok_; }
  bool AtEnd() const { return ok_ && rest_.empty(); }

 private:
  template <class Integer>
  Integer Number() {
    const std::string_view bytes = Bytes(sizeof(Integer));
    return bytes.empty() ? Integer{0} : ReadNumber<Integer>(bytes.data());
  }
  std::string_view Fail() {
    ok_ = false;
    rest_ = {};
    return {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace pando
