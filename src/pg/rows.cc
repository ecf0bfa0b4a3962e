#include "pg/rows.h"

#include <utility>

#include "base/byte_order.h"

namespace pando::pg {

namespace {

constexpr size_t kBytesMax = size_t{1} << 31;
constexpr size_t kLengthBytes = 4;  // in front of a value; -1 is NULL

int32_t LengthAt(const std::string& bytes, uint32_t place) {
  return ReadNumber<int32_t>(bytes.data() + place - kLengthBytes);
}

}  // namespace

int Rows::FindColumn(std::string_view name) const {
  for (int column = 0; column < columns(); ++column) {
    if (column_name(column) == name) return column;
  }
  return -1;
}

std::optional<std::string_view> Rows::Get(int row, int column) const {
  PANDO_ASSERT(row >= 0 && row < size() && column >= 0 && column < columns());
  const uint32_t place = places_[static_cast<size_t>(row) * columns_->size() + static_cast<size_t>(column)];
  const int32_t length = LengthAt(bytes_, place);
  if (length < 0) return std::nullopt;
  return std::string_view(bytes_.data() + place, static_cast<size_t>(length));
}

std::string_view Rows::Text(int row, int column) const {
  std::optional<std::string_view> value = Get(row, column);
  PANDO_ASSERT(value.has_value());
  return *value;
}

size_t Rows::bytes() const { return bytes_.capacity() + places_.capacity() * sizeof(uint32_t); }

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
  if (rows_.size_ == 0) rows_.places_.reserve(columns);
  size_t at = 0;
  for (size_t i = 0; i < columns; ++i) {
    if (body.size() - at < kLengthBytes) return false;
    const auto length = ReadNumber<int32_t>(body.data() + at);
    at += kLengthBytes;
    rows_.places_.push_back(static_cast<uint32_t>(begin + at));
    if (length < 0) continue;
    if (body.size() - at < static_cast<size_t>(length)) return false;
    at += static_cast<size_t>(length);
  }
  if (at != body.size()) return false;
  rows_.bytes_.append(body);
  ++rows_.size_;
  return true;
}

void RowsBuilder::Add(std::span<const std::optional<std::string_view>> values) {
  PANDO_ASSERT(values.size() == static_cast<size_t>(rows_.columns()));
  for (const std::optional<std::string_view>& value : values) {
    AppendNumber(rows_.bytes_, value ? static_cast<int32_t>(value->size()) : int32_t{-1});
    rows_.places_.push_back(static_cast<uint32_t>(rows_.bytes_.size()));
    if (value) rows_.bytes_.append(*value);
  }
  ++rows_.size_;
}

Rows RowsBuilder::Take() { return std::exchange(rows_, Rows()); }

}  // namespace pando::pg
