#include "serve/row_printer.h"

#include "base/json_text.h"
#include "pgtypes/json_value.h"

namespace pando::serve {

RowPrinter::RowPrinter(const pg::Rows& rows) : rows_(rows), columns_(static_cast<size_t>(rows.columns())) {
  for (int column = 0; column < rows.columns(); ++column) {
    Column& made = columns_[static_cast<size_t>(column)];
    made.key = column == 0 ? "{" : ",";
    AppendJsonString(made.key, rows.column_name(column));
    made.key += ':';
    made.type = rows.type(column);
  }
}

bool RowPrinter::Append(std::string& out, int row) {
  if (columns_.empty()) out += '{';
  for (int column = 0; column < rows_.columns(); ++column) {
    const Column& known = columns_[static_cast<size_t>(column)];
    out += known.key;
    const std::optional<std::string_view> text = rows_.Get(row, column);
    if (!text) {
      out += "null";
    } else if (!pgtypes::AppendJson(out, known.type, *text)) {
      return false;
    }
  }
  out += '}';
  return true;
}

}  // namespace pando::serve
