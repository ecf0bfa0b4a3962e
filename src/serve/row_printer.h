// A RowPrinter prints rows as JSON objects, with the bytes of PostgreSQL's row_to_json.
//
// Concurrency  single-owner
// Ownership    the rows outlive it
#pragma once

#include <string>
#include <vector>

#include "pg/rows.h"

namespace pando::serve {

class RowPrinter {
 public:
  explicit RowPrinter(const pg::Rows& rows);

  // {"column":value,...}. False, with part of the row appended, when a value's JSON does not follow from its text.
  bool Append(std::string& out, int row);

 private:
  struct Column {
    std::string key;  // with what stands before it: `{"name":`
    uint32_t type = 0;
  };
  const pg::Rows& rows_;
  std::vector<Column> columns_;
};

}  // namespace pando::serve
