// One row of an answer, with the few conversions that system catalogs need.
//
// Concurrency  single-owner
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/names.h"
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
  // Of a list like "16403 1 16403 2 16410 1": calls `visit` with the oid and the number of each column in it.
  template <class Visit>
  void ForEachColumn(int column, Visit visit) const {
    std::string_view left = View(column);
    while (!left.empty()) {
      const auto oid = TakeNumber<catalog::Oid>(left);
      const auto number = TakeNumber<int>(left);
      visit(oid, number);
    }
  }

 private:
  template <class T>
  T Number(int column) const {
    std::string_view text = View(column);
    return TakeNumber<T>(text);
  }

  // Takes the number that `text` begins with, 0 if none, and whatever comes before the next word.
  template <class T>
  static T TakeNumber(std::string_view& text) {
    T number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    const size_t blank = text.find(' ');
    text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
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
