#include "serve/row_printer.h"

#include <algorithm>
#include <cstring>

#include "base/json_text.h"
#include "pgtypes/binary_time.h"

namespace pando::serve {
namespace {

constexpr size_t kCapacityKept = 64 << 10;
constexpr std::string_view kBraces = "{}";
constexpr std::string_view kNull = "null";

// Each connection has columns of its own for a statement that they share.
bool AreOf(const RowKeys& keys, const pg::Rows& rows) {
  if (keys.columns == rows.layout()) return true;
  return keys.columns && rows.layout() && *keys.columns == *rows.layout();
}

RowKeys KeysOf(const pg::Rows& rows) {
  RowKeys made;
  made.columns = rows.layout();
  for (int i = 0; i < rows.columns(); ++i) {
    const pg::RowColumn& column = rows.column(i);
    RowKey& key = made.keys.emplace_back();
    key.form = pgtypes::JsonFormOf(column.type);
    key.is_binary = column.binary;
    key.text = i == 0 ? "{" : ",";
    AppendJsonString(key.text, column.name);
    key.text += ':';
  }
  return made;
}

}  // namespace

// With the row's values in `values_`.
size_t RowPrinter::RowSizeMax(const std::vector<RowKey>& keys) const {
  size_t size = kBraces.size();
  for (size_t i = 0; i < keys.size(); ++i) size += keys[i].text.size() + SizeMax(keys[i], values_[i]);
  return size;
}

bool RowPrinter::AppendRow(const pg::Rows& rows, int row, const std::vector<RowKey>& keys) {
  values_.clear();
  for (size_t i = 0; i < keys.size(); ++i) values_.push_back(rows.Get(row, static_cast<int>(i)));
  char* to = text_.Space(RowSizeMax(keys));
  if (keys.empty()) *to++ = kBraces.front();
  for (size_t i = 0; i < keys.size(); ++i) {
    to = WriteValue(WriteText(to, keys[i].text), keys[i], values_[i]);
    if (!to) return false;
  }
  *to++ = kBraces.back();
  text_.EndAt(to);
  return true;
}

size_t RowPrinter::SizeMax(const RowKey& key, const std::optional<std::string_view>& value) {
  if (!value) return kNull.size();
  return key.is_binary ? pgtypes::kBinaryTimeJsonSizeMax : pgtypes::JsonSizeMax(key.form, *value);
}

char* RowPrinter::WriteValue(char* to, const RowKey& key, const std::optional<std::string_view>& value) {
  if (!value) return WriteText(to, kNull);
  return key.is_binary ? pgtypes::WriteBinaryTimeJson(to, key.form, *value) : pgtypes::WriteJson(to, key.form, *value);
}

std::optional<std::string> RowPrinter::Print(const pg::Rows& rows, bool as_object, RowKeys* keys) {
  RowKeys own;
  if (!keys) keys = &own;
  if (!AreOf(*keys, rows)) *keys = KeysOf(rows);
  text_.Clear(kCapacityKept);
  bool printed = true;
  if (!as_object) text_.Append("[");
  for (int row = 0; printed && row < rows.size(); ++row) {
    if (row > 0) text_.Append(", \n ");
    printed = AppendRow(rows, row, keys->keys);
  }
  if (!as_object) text_.Append("]");
  std::optional<std::string> text;
  if (printed) text.emplace(text_.view());
  text_.Clear(kCapacityKept);
  return text;
}

}  // namespace pando::serve
