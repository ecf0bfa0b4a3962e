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

#include "pg/rows.h"
#include "pgtypes/json_value.h"

namespace pando::serve {

// The columns of a statement's last answer, with what stands before each value of a row: `{"id":`, `,"name":`. Mostly
// the next answer has the same; those of `*` are the table's of the moment.
struct RowKey {
  std::string name;
  std::string text;
};
using RowKeys = std::vector<RowKey>;

class RowPrinter {
 public:
  // [{"column":value,...}, ...], or, with `as_object`, the row by itself. nullopt when the JSON of a value does not
  // follow from what the database sent. `keys`, when not null, are kept from one answer of a statement to the next.
  // REQUIRES: as_object: one row.
  std::optional<std::string> Print(const pg::Rows& rows, bool as_object, RowKeys* keys);

 private:
  struct Form {
    pgtypes::JsonForm form;
    bool is_binary;
  };

  void Reserve(size_t bytes);
  void Append(std::string_view piece);
  size_t RowSizeMax(const RowKeys& keys) const;
  bool AppendRow(const pg::Rows& rows, int row, const RowKeys& keys);
  static size_t SizeMax(Form form, const std::optional<std::string_view>& value);
  static char* WriteValue(char* to, Form form, const std::optional<std::string_view>& value);

  // Not a string: that would fill with zeros what is written over at once.
  std::unique_ptr<char[]> text_;
  size_t capacity_ = 0;
  size_t used_ = 0;
  std::vector<Form> forms_;                              // of the columns
  std::vector<std::optional<std::string_view>> values_;  // of the row at hand
};

}  // namespace pando::serve
