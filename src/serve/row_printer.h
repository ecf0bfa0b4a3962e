// Prints rows as JSON objects, with the bytes of PostgreSQL's row_to_json.
//
// Concurrency  single-owner
// Bounds       what it keeps between calls: 64 KiB
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_buffer.h"
#include "pg/rows.h"
#include "pgtypes/json_value.h"

namespace pando::serve {

// A column of a statement's last answer, with what stands before its value in each row: `{"id":`, `,"name":`. Mostly
// the next answer has the same; those of `*` are the table's of the moment.
struct RowKey {
  pgtypes::JsonForm form = pgtypes::JsonForm::kString;
  bool is_binary = false;
  std::string text;
};
struct RowKeys {
  std::shared_ptr<const pg::RowColumns> columns;  // that they are of
  std::vector<RowKey> keys;
  size_t size_max = 0;  // of a row, without its strings
};

class RowPrinter {
 public:
  // [{"column":value,...}, ...], or, with `as_object`, the row by itself. nullopt when the JSON of a value does not
  // follow from what the database sent. `keys`, when not null, are kept from one answer of a statement to the next.
  // REQUIRES: as_object: one row.
  std::optional<std::string> Print(const pg::Rows& rows, bool as_object, RowKeys* keys);

 private:
  bool AppendRow(std::string_view values, const RowKeys& keys);
  void MoveInto(std::string& text, const pg::Rows& rows, const RowKeys& keys);

  TextBuffer text_;
};

}  // namespace pando::serve
