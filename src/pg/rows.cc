#include "pg/rows.h"

#include <utility>

#include "base/byte_order.h"

namespace pando::pg {

namespace {

constexpr size_t kBytesMax = size_t{1} << 31;

}  // namespace

int Rows::FindColumn(std::string_view name) const {
  for (int column = 0; column < columns(); ++column) {
    if (column_name(column) == name) return column;
  }
  return -1;
}

std::string_view Rows::Values(int row) const {
  PANDO_ASSERT(row >= 0 && row < size());
  const size_t begin = begins_[static_cast<size_t>(row)];
  const size_t end = row + 1 < size() ? begins_[static_cast<size_t>(row) + 1] : bytes_.size();
  return std::string_view(bytes_).substr(begin, end - begin);
}

std::optional<std::string_view> Rows::Get(int row, int column) const {
  PANDO_ASSERT(column >= 0 && column < columns());
  RowValues values(Values(row));
  for (int before = 0; before < column; ++before) values.Next();
  return values.Next();
}

std::string_view Rows::Text(int row, int column) const {
  std::optional<std::string_view> value = Get(row, column);
  PANDO_ASSERT(value.has_value());
  return *value;
}

size_t Rows::bytes() const { return bytes_.capacity() + begins_.capacity() * sizeof(uint32_t); }

void RowsBuilder::Begin(std::shared_ptr<const RowColumns> columns) {
  rows_ = Rows();
  rows_.columns_ = std::move(columns);
}

// The count of the values (16 bits), then each value behind its length.
bool RowsBuilder::AddMessage(std::string_view body) {
  constexpr size_t kCountBytes = 2;
  const auto columns = static_cast<size_t>(rows_.columns());
  if (body.size() < kCountBytes || ReadNumber<uint16_t>(body.data()) != columns) return false;
  body.remove_prefix(kCountBytes);
  const size_t begin = rows_.bytes_.size();
  if (body.size() > kBytesMax - begin) return false;
  constexpr size_t kLengthBytes = RowValues::kLengthBytes;
  size_t at = 0;
  for (size_t i = 0; i < columns; ++i) {
    if (body.size() - at < kLengthBytes) return false;
    const auto length = ReadNumber<int32_t>(body.data() + at);
    at += kLengthBytes;
    if (length < 0) continue;
    if (body.size() - at < static_cast<size_t>(length)) return false;
    at += static_cast<size_t>(length);
  }
  if (at != body.size()) return false;
  rows_.bytes_.append(body);
  rows_.begins_.push_back(static_cast<uint32_t>(begin));
  return true;
}

void RowsBuilder::Add(std::span<const std::optional<std::string_view>> values) {
  PANDO_ASSERT(values.size() == static_cast<size_t>(rows_.columns()));
  rows_.begins_.push_back(static_cast<uint32_t>(rows_.bytes_.size()));
  for (const std::optional<std::string_view>& value : values) {
    AppendNumber(rows_.bytes_, value ? static_cast<int32_t>(value->size()) : int32_t{-1});
    if (value) rows_.bytes_.append(*value);
  }
}

Rows RowsBuilder::Take() { return std::exchange(rows_, Rows()); }

}  // namespace pando::pg
