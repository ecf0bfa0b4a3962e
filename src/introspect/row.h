// One row of an answer, with the few conversions that system catalogs need.
//
// Concurrency  single-owner
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/catalog.h"
#include "pg/rows.h"

namespace pando::introspect {

class Row {
 public:
  // `rows` outlives the Row.
  Row(const pg::Rows& rows, int row) : rows_(rows), row_(row) {}

  bool IsNull(int column) const { return !rows_.Get(row_, column).has_value(); }
  // Empty when NULL.
  std::string_view View(int column) const { return rows_.Get(row_, column).value_or(std::string_view()); }
  std::string Text(int column) const { return std::string(View(column)); }
  std::optional<std::string> TextOrNull(int column) const {
    if (IsNull(column)) return std::nullopt;
    return Text(column);
  }
  // Of "char" columns; '\0' when NULL or empty.
  char Char(int column) const { return View(column).empty() ? '\0' : View(column).front(); }
  bool IsTrue(int column) const { return View(column) == "t"; }
  // 0 when NULL.
  int Int(int column) const { return Number<int>(column); }
  catalog::Oid OidAt(int column) const { return Number<catalog::Oid>(column); }

 private:
  template <class T>
  T Number(int column) const {
    T number = 0;
    const std::string_view text = View(column);
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  const pg::Rows& rows_;
  int row_;
};

// Calls `visit` with each Row.
template <class Visit>
void ForEachRow(const pg::Rows& rows, Visit visit) {
  for (int i = 0; i < rows.size(); ++i) visit(Row(rows, i));
}

}  // namespace pando::introspect
