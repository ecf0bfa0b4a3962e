#include "serve/row_printer.h"

#include <algorithm>
#include <cstring>

#include "base/json_text.h"
#include "pgtypes/binary_time.h"

namespace pando::serve {
namespace {

constexpr size_t kCapacityKept = 64 << 10;
constexpr size_t kPieceBytes = 256 << 10;
constexpr size_t kShortRow = 1024;
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
    // What a value of no bytes takes, or a time in binary.
    const size_t around = std::max(kNull.size(), pgtypes::JsonSizeMax(key.form, {}));
    made.size_max += key.text.size() + (key.is_binary ? pgtypes::kBinaryTimeJsonSizeMax : around);
  }
  made.size_max += kBraces.size();
  return made;
}

// Of a short row as if each byte of it had to be escaped, which takes no look at it.
size_t RowSizeMax(std::string_view values, const RowKeys& keys) {
  if (values.size() <= kShortRow) return keys.size_max + values.size() * kJsonEscapeMax;
  size_t size = keys.size_max;
  pg::RowValues row(values);
  for (const RowKey& key : keys.keys) {
    if (const auto value = row.Next()) size += pgtypes::JsonSizeMax(key.form, *value);
  }
  return size;
}

char* WriteValue(char* to, const RowKey& key, const std::optional<std::string_view>& value) {
  if (!value) return WriteText(to, kNull);
  return key.is_binary ? pgtypes::WriteBinaryTimeJson(to, key.form, *value) : pgtypes::WriteJson(to, key.form, *value);
}

}  // namespace

// A long answer is held once: as pieces that leave the buffer. Memory that is reserved and not written to is not taken.
void RowPrinter::MoveInto(std::string& text, const pg::Rows& rows, const RowKeys& keys) {
  if (text.empty()) text.reserve(rows.text_bytes() / 8 * 9 + static_cast<size_t>(rows.size()) * keys.size_max);
  text.append(text_.view());
  text_.Clear(kPieceBytes * 2);
}

bool RowPrinter::AppendRow(std::string_view values, const RowKeys& keys) {
  char* to = text_.Space(RowSizeMax(values, keys));
  if (keys.keys.empty()) *to++ = kBraces.front();
  pg::RowValues row(values);
  for (const RowKey& key : keys.keys) {
    to = WriteValue(WriteText(to, key.text), key, row.Next());
    if (!to) return false;
  }
  *to++ = kBraces.back();
  text_.EndAt(to);
  return true;
}

std::optional<std::string> RowPrinter::Print(const pg::Rows& rows, bool as_object, RowKeys* keys) {
  RowKeys own;
  if (!keys) keys = &own;
  if (!AreOf(*keys, rows)) *keys = KeysOf(rows);
  text_.Clear(kCapacityKept);
  std::string text;
  bool printed = true;
  if (!as_object) text_.Append("[");
  for (int row = 0; printed && row < rows.size(); ++row) {
    if (row > 0) text_.Append(", \n ");
    printed = AppendRow(rows.Values(row), *keys);
    if (text_.size() > kPieceBytes) MoveInto(text, rows, *keys);
  }
  if (!as_object) text_.Append("]");
  text.append(text_.view());
  text_.Clear(kCapacityKept);
  if (!printed) return std::nullopt;
  return text;
}

}  // namespace pando::serve
