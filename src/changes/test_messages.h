// Writes pgoutput messages, for tests.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace pando::changes {

// Builds one message field by field: Bytes('I').Int32(5).Byte('N')...
class Bytes {
 public:
  explicit Bytes(char kind) : bytes_(1, kind) {}

  Bytes& Byte(char value) {
    bytes_ += value;
    return *this;
  }
  Bytes& Int16(uint16_t value) { return Number(value, 2); }
  Bytes& Int32(uint32_t value) { return Number(value, 4); }
  Bytes& Int64(uint64_t value) { return Number(value, 8); }
  Bytes& Text(std::string_view value) {
    bytes_.append(value).append(1, '\0');
    return *this;
  }
  // "\x01" stands for NULL, "\x02" for a value that was not touched.
  Bytes& Tuple(std::initializer_list<std::string_view> values) {
    Int16(static_cast<uint16_t>(values.size()));
    for (const std::string_view value : values) {
      if (value == "\x01") {
        Byte('n');
      } else if (value == "\x02") {
        Byte('u');
      } else {
        Byte('t').Int32(static_cast<uint32_t>(value.size()));
        bytes_ += value;
      }
    }
    return *this;
  }
  operator std::string() const { return bytes_; }  // NOLINT(google-explicit-constructor): reads as a literal in tests

 private:
  Bytes& Number(uint64_t value, int size) {
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) bytes_ += static_cast<char>(value >> shift);
    return *this;
  }

  std::string bytes_;
};

inline std::string BeginMessage(uint32_t xid, uint64_t lsn = 100) { return Bytes('B').Int64(lsn).Int64(7).Int32(xid); }
inline std::string CommitMessage(uint64_t lsn = 100) { return Bytes('C').Byte(0).Int64(lsn).Int64(lsn + 8).Int64(7); }
// items (id, name) with the primary key as identity.
inline std::string ItemsMessage(uint32_t oid = 16400) {
  return Bytes('R')
      .Int32(oid)
      .Text("public")
      .Text("items")
      .Byte('d')
      .Int16(2)
      .Byte(1)
      .Text("id")
      .Int32(23)
      .Int32(0xffffffff)
      .Byte(0)
      .Text("name")
      .Int32(25)
      .Int32(0xffffffff);
}
inline std::string InsertMessage(std::initializer_list<std::string_view> row, uint32_t oid = 16400) {
  return Bytes('I').Int32(oid).Byte('N').Tuple(row);
}
// The same message as it stands in a stream: with a transaction behind its kind.
inline std::string Streamed(uint32_t xid, const std::string& message) {
  const std::string number = Bytes('x').Int32(xid);
  return message.substr(0, 1) + number.substr(1) + message.substr(1);
}
inline std::string StreamStartMessage(uint32_t xid, bool first) { return Bytes('S').Int32(xid).Byte(first ? 1 : 0); }
inline std::string StreamStopMessage() { return Bytes('E'); }
inline std::string StreamCommitMessage(uint32_t xid) {
  return Bytes('c').Int32(xid).Byte(0).Int64(100).Int64(108).Int64(7);
}
inline std::string StreamAbortMessage(uint32_t xid, uint32_t aborted) { return Bytes('A').Int32(xid).Int32(aborted); }

}  // namespace pando::changes
