#include "serve/row_printer.h"

#include <algorithm>
#include <cstring>

#include "base/json_text.h"
#include "pgtypes/binary_time.h"

namespace pando::serve {
namespace {

constexpr size_t kCapacityMin = 4 << 10;
constexpr size_t kCapacityKept = 64 << 10;
constexpr std::string_view kBraces = "{}";
constexpr std::string_view kNull = "null";

char* Write(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

bool AreOf(const RowKeys& keys, const pg::Rows& rows) {
  if (keys.size() != static_cast<size_t>(rows.columns())) return false;
  int column = 0;
  return std::all_of(keys.begin(), keys.end(),
                     [&](const RowKey& key) { return key.name == rows.column_name(column++); });
}

RowKeys KeysOf(const pg::Rows& rows) {
  RowKeys keys(static_cast<size_t>(rows.columns()));
  for (size_t i = 0; i < keys.size(); ++i) {
    keys[i].name = rows.column_name(static_cast<int>(i));
    keys[i].text = i == 0 ? "{" : ",";
    AppendJsonString(keys[i].text, keys[i].name);
    keys[i].text += ':';
  }
  return keys;
}

}  // namespace

void RowPrinter::Reserve(size_t bytes) {
  if (capacity_ - used_ >= bytes) return;
  const size_t capacity = std::max({capacity_ * 2, used_ + bytes, kCapacityMin});
  auto grown = std::make_unique_for_overwrite<char[]>(capacity);
  if (used_ > 0) std::memcpy(grown.get(), text_.get(), used_);
  text_ = std::move(grown);
  capacity_ = capacity;
}

void RowPrinter::Append(std::string_view piece) {
  Reserve(piece.size());
  Write(text_.get() + used_, piece);
  used_ += piece.size();
}

// With the row's values in `values_`.
size_t RowPrinter::RowSizeMax(const RowKeys& keys) const {
  size_t size = kBraces.size();
  for (size_t i = 0; i < keys.size(); ++i) size += keys[i].text.size() + SizeMax(forms_[i], values_[i]);
  return size;
}

bool RowPrinter::AppendRow(const pg::Rows& rows, int row, const RowKeys& keys) {
  values_.clear();
  for (size_t i = 0; i < keys.size(); ++i) values_.push_back(rows.Get(row, static_cast<int>(i)));
  Reserve(RowSizeMax(keys));
  char* to = text_.get() + used_;
  if (keys.empty()) *to++ = kBraces.front();
  for (size_t i = 0; i < keys.size(); ++i) {
    to = WriteValue(Write(to, keys[i].text), forms_[i], values_[i]);
    if (!to) return false;
  }
  *to++ = kBraces.back();
  used_ = static_cast<size_t>(to - text_.get());
  return true;
}

size_t RowPrinter::SizeMax(Form form, const std::optional<std::string_view>& value) {
  if (!value) return kNull.size();
  return form.is_binary ? pgtypes::kBinaryTimeJsonSizeMax : pgtypes::JsonSizeMax(form.form, *value);
}

char* RowPrinter::WriteValue(char* to, Form form, const std::optional<std::string_view>& value) {
  if (!value) return Write(to, kNull);
  return form.is_binary ? pgtypes::WriteBinaryTimeJson(to, form.form, *value)
                        : pgtypes::WriteJson(to, form.form, *value);
}

std::optional<std::string> RowPrinter::Print(const pg::Rows& rows, bool as_object, RowKeys* keys) {
  RowKeys own;
  if (!keys) keys = &own;
  if (!AreOf(*keys, rows)) *keys = KeysOf(rows);
  forms_.clear();
  for (int i = 0; i < rows.columns(); ++i) {
    const pg::RowColumn& column = rows.column(i);
    forms_.push_back({pgtypes::JsonFormOf(column.type), column.binary});
  }
  used_ = 0;
  bool printed = true;
  if (!as_object) Append("[");
  for (int row = 0; printed && row < rows.size(); ++row) {
    if (row > 0) Append(", \n ");
    printed = AppendRow(rows, row, *keys);
  }
  if (!as_object) Append("]");
  std::optional<std::string> text;
  if (printed) text.emplace(text_.get(), used_);
  if (capacity_ > kCapacityKept) {
    text_.reset();
    capacity_ = 0;
  }
  return text;
}

}  // namespace pando::serve
