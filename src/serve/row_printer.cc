#include "serve/row_printer.h"

#include <algorithm>
#include <vector>

#include "base/json_text.h"
#include "pgtypes/json_value.h"

namespace pando::serve {
namespace {

// Text that grows at its end, written through a pointer: a list has some hundred small pieces.
class Buffer {
 public:
  explicit Buffer(size_t size) : text_(size, '\0') {}

  // Where the next bytes go, with room for so many; Advance() says what became of it.
  char* Room(size_t bytes) {
    if (text_.size() - used_ < bytes) text_.resize(std::max(text_.size() * 2, used_ + bytes));
    return text_.data() + used_;
  }
  void Advance(const char* end) { used_ = static_cast<size_t>(end - text_.data()); }
  void Append(std::string_view piece) { Advance(std::copy(piece.begin(), piece.end(), Room(piece.size()))); }

  std::string Take() {
    text_.resize(used_);
    return std::move(text_);
  }

 private:
  std::string text_;
  size_t used_ = 0;
};

struct Column {
  std::string key;  // with what stands before it: `{"name":`
  pgtypes::JsonForm form = pgtypes::JsonForm::kUnknown;
};

std::vector<Column> ColumnsOf(const pg::Rows& rows) {
  std::vector<Column> columns(static_cast<size_t>(rows.columns()));
  for (int i = 0; i < rows.columns(); ++i) {
    Column& column = columns[static_cast<size_t>(i)];
    column.key = i == 0 ? "{" : ",";
    AppendJsonString(column.key, rows.column_name(i));
    column.key += ':';
    column.form = pgtypes::JsonFormOf(rows.type(i));
  }
  return columns;
}

bool AppendRow(Buffer& out, const pg::Rows& rows, int row, const std::vector<Column>& columns) {
  if (columns.empty()) out.Append("{");
  int i = 0;
  for (const Column& column : columns) {
    const std::optional<std::string_view> text = rows.Get(row, i++);
    out.Append(column.key);
    if (!text) {
      out.Append("null");
      continue;
    }
    const char* end = pgtypes::WriteJson(out.Room(pgtypes::JsonSizeMax(column.form, *text)), column.form, *text);
    if (!end) return false;
    out.Advance(end);
  }
  out.Append("}");
  return true;
}

}  // namespace

std::optional<std::string> PrintRows(const pg::Rows& rows, bool as_object) {
  const std::vector<Column> columns = ColumnsOf(rows);
  Buffer out(rows.bytes());  // libpq's words beside each value take about the place of the keys
  if (!as_object) out.Append("[");
  for (int row = 0; row < rows.size(); ++row) {
    if (row > 0) out.Append(", \n ");
    if (!AppendRow(out, rows, row, columns)) return std::nullopt;
  }
  if (!as_object) out.Append("]");
  return out.Take();
}

}  // namespace pando::serve
