#include "serve/row_printer.h"

#include <algorithm>
#include <cstring>

#include "base/json_text.h"
#include "pgtypes/binary_time.h"

namespace pando::serve {
namespace {

constexpr size_t kCapacityMin = 4 << 10;
constexpr size_t kCapacityKept = 64 << 10;

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

char* RowPrinter::Room(size_t bytes) {
  if (capacity_ - used_ < bytes) {
    const size_t capacity = std::max({capacity_ * 2, used_ + bytes, kCapacityMin});
    auto grown = std::make_unique_for_overwrite<char[]>(capacity);
    if (used_ > 0) std::memcpy(grown.get(), text_.get(), used_);
    text_ = std::move(grown);
    capacity_ = capacity;
  }
  return text_.get() + used_;
}

void RowPrinter::Append(std::string_view piece) {
  std::copy(piece.begin(), piece.end(), Room(piece.size()));
  used_ += piece.size();
}

bool RowPrinter::AppendRow(const pg::Rows& rows, int row, const RowKeys& keys) {
  if (keys.empty()) Append("{");
  for (size_t i = 0; i < keys.size(); ++i) {
    const std::optional<std::string_view> value = rows.Get(row, static_cast<int>(i));
    Append(keys[i].text);
    if (!value) {
      Append("null");
      continue;
    }
    if (!AppendValue(forms_[i], *value)) return false;
  }
  Append("}");
  return true;
}

bool RowPrinter::AppendValue(Form form, std::string_view value) {
  const char* end =
      form.is_binary
          ? pgtypes::WriteBinaryTimeJson(Room(pgtypes::kBinaryTimeJsonSizeMax), form.form, value)
          : pgtypes::WriteJson(Room(pgtypes::JsonSizeMax(form.form, value)), form.form, value);
  if (!end) return false;
  used_ = static_cast<size_t>(end - text_.get());
  return true;
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
