#include "pg/message.h"

#include <algorithm>
#include <charconv>
#include <concepts>
#include <utility>

#include "base/assert.h"
#include "base/byte_order.h"
#include "base/byte_reader.h"
#include "base/text_buffer.h"

namespace pando::pg {

namespace {

constexpr int16_t kBinary = 1;
constexpr size_t kHeaderBytes = 5;  // a type and a length, which counts itself
constexpr size_t kLengthBytes = 4;
constexpr size_t kMessageBytesMax = (size_t{1} << 30) + (1 << 20);  // a value has less than 1 GB
// Below this much room a read is not worth its system call. A socket's buffer holds more.
constexpr size_t kRoomMin = 16 << 10;
constexpr size_t kCapacityKept = 256 << 10;
constexpr std::string_view kNoName("\0", 1);  // as any name, ended by a zero byte

template <std::integral Integer>
char* Put(char* to, Integer number) {
  WriteNumber(to, number);
  return to + sizeof(number);
}

}  // namespace

size_t Outbox::Begin(char type) {
  const size_t begin = bytes_.size();
  bytes_ += type;
  bytes_.append(kLengthBytes, '\0');
  return begin;
}

void Outbox::End(size_t begin) {
  WriteNumber(bytes_.data() + begin + 1, static_cast<uint32_t>(bytes_.size() - begin - 1));
}

void Outbox::Text(std::string_view text) {
  bytes_.append(text);
  bytes_ += '\0';
}

void Outbox::Parse(std::string_view name, std::string_view sql) {
  const size_t begin = Begin('P');
  Text(name);
  Text(sql);
  AppendNumber(bytes_, int16_t{0});  // the server infers the types of all parameters
  End(begin);
}

void Outbox::Name(char type, char kind, std::string_view name) {
  const size_t begin = Begin(type);
  bytes_ += kind;
  Text(name);
  End(begin);
}

void Outbox::DescribeStatement(std::string_view name) { Name('D', 'S', name); }
void Outbox::DescribePortal() { Name('D', 'P', ""); }

void Outbox::Bind(std::string_view name, const std::vector<Parameter>& parameters, const RowColumns* columns) {
  const bool some_binary =
      columns && std::any_of(columns->begin(), columns->end(), [](const RowColumn& column) { return column.binary; });
  const size_t formats = some_binary ? columns->size() : 0;
  size_t size = kHeaderBytes + kNoName.size() + name.size() + 1 + (3 + formats) * sizeof(int16_t);
  for (const Parameter& parameter : parameters) size += kLengthBytes + (parameter ? parameter->size() : 0);

  const size_t begin = bytes_.size();
  // With room for what follows a Bind: growing once more would copy it.
  if (size > kCapacityKept) bytes_.reserve(begin + size + kCapacityKept);
  bytes_.resize(begin + size);
  char* to = bytes_.data() + begin;
  *to++ = 'B';
  to = Put(to, static_cast<uint32_t>(size - 1));
  to = WriteText(to, kNoName);  // the portal
  to = WriteText(WriteText(to, name), kNoName);
  to = Put(to, int16_t{0});  // all parameters are text
  to = Put(to, static_cast<uint16_t>(parameters.size()));
  for (const Parameter& parameter : parameters) {
    to = Put(to, parameter ? static_cast<int32_t>(parameter->size()) : int32_t{-1});
    if (parameter) to = WriteText(to, *parameter);
  }
  to = Put(to, static_cast<int16_t>(formats));
  for (size_t i = 0; i < formats; ++i) to = Put(to, (*columns)[i].binary ? kBinary : int16_t{0});
  PANDO_ASSERT(to == bytes_.data() + bytes_.size());
}

// Of the unnamed portal, all rows.
void Outbox::Execute() {
  static constexpr std::string_view kMessage("E\0\0\0\x09\0\0\0\0\0", 10);
  bytes_.append(kMessage);
}

void Outbox::Sync() { End(Begin('S')); }

void Outbox::Query(std::string_view sql) {
  const size_t begin = Begin('Q');
  Text(sql);
  End(begin);
}

void Outbox::CopyFail(std::string_view reason) {
  const size_t begin = Begin('f');
  Text(reason);
  End(begin);
}

void Outbox::MarkSent(size_t bytes) {
  sent_ += bytes;
  PANDO_ASSERT(sent_ <= bytes_.size());
  if (sent_ == bytes_.size()) Drop();
}

void Outbox::Drop() {
  if (bytes_.capacity() > kCapacityKept) {
    bytes_ = std::string();
  } else {
    bytes_.clear();
  }
  sent_ = 0;
}

std::optional<Message> Inbox::Next() {
  const std::string_view bytes = buffer_.view();
  if (broken_ || bytes.size() < kHeaderBytes) return std::nullopt;
  const size_t length = ReadNumber<uint32_t>(bytes.data() + 1);
  if (length < kLengthBytes || length > kMessageBytesMax) {
    broken_ = true;
    return std::nullopt;
  }
  const size_t size = 1 + length;
  if (bytes.size() < size) return std::nullopt;
  buffer_.Consume(size);
  return Message{bytes.front(), bytes.substr(kHeaderBytes, length - kLengthBytes)};
}

size_t Inbox::message_bytes() const {
  const std::string_view bytes = buffer_.view();
  if (broken_ || bytes.size() < kHeaderBytes) return bytes.size();
  const size_t length = ReadNumber<uint32_t>(bytes.data() + 1);
  return length > kMessageBytesMax ? bytes.size() : std::max(bytes.size(), 1 + length);
}

void Inbox::Reserve() {
  const size_t missing = message_bytes() - buffer_.size();
  if (missing > 0) buffer_.Prepare(missing + kRoomMin);
}

// Grows with what has come, not with what a header says.
std::span<char> Inbox::Space() {
  Shrink();
  const size_t missing = message_bytes() - buffer_.size();
  return buffer_.Prepare(std::max(kRoomMin, std::min(buffer_.size(), missing)));
}

void Inbox::Shrink() { buffer_.ShrinkTo(kCapacityKept); }

ErrorFields ReadErrorFields(std::string_view body) {
  ErrorFields fields;
  ByteReader in(body);
  while (const auto kind = static_cast<char>(in.Byte())) {
    const std::string_view text = in.Text();
    switch (kind) {
      case 'V':  // never translated, unlike S
        fields.severity = text;
        break;
      case 'C':
        fields.sqlstate = text;
        break;
      case 'M':
        fields.message = text;
        break;
      case 'D':
        fields.detail = text;
        break;
      case 'H':
        fields.hint = text;
        break;
      case 'W':
        fields.context = text;
        break;
      case 'P':
        fields.position = text;
        break;
      case 'R':
        fields.routine = text;
        break;
      default:
        break;
    }
  }
  return fields;
}

std::optional<RowColumns> ReadColumns(std::string_view body) {
  ByteReader in(body);
  RowColumns columns(in.Count(in.Int16()));
  for (RowColumn& column : columns) {
    column.name = in.Text();
    in.Bytes(6);  // the table and the number of its column
    column.type = in.Int32();
    in.Bytes(8);  // the type's size and modifier, the format
  }
  if (!in.AtEnd()) return std::nullopt;
  return columns;
}

int64_t ReadAffected(std::string_view body) {
  const std::string_view tag = ByteReader(body).Text();
  const std::string_view last = tag.substr(tag.rfind(' ') + 1);  // all of it without a blank
  int64_t count = 0;
  std::from_chars(last.data(), last.data() + last.size(), count);
  return count;
}

}  // namespace pando::pg
