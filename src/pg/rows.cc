#include "pg/rows.h"

#include <libpq-fe.h>

#include <charconv>

#include "base/assert.h"

namespace pando::pg {

void Rows::Clear::operator()(pg_result* result) const { PQclear(result); }

Rows::Rows(pg_result* result) : result_(result) {}

// libpq answers 0 for a null result.
int Rows::size() const { return PQntuples(result_.get()); }
int Rows::columns() const { return PQnfields(result_.get()); }

std::string_view Rows::column_name(int column) const {
  PANDO_ASSERT(column >= 0 && column < columns());
  return PQfname(result_.get(), column);
}

int Rows::FindColumn(std::string_view name) const {
  // PQfnumber would fold the case of an unquoted name.
  for (int column = 0; column < columns(); ++column) {
    if (column_name(column) == name) return column;
  }
  return -1;
}

uint32_t Rows::type(int column) const { return PQftype(result_.get(), column); }

std::optional<std::string_view> Rows::Get(int row, int column) const {
  // libpq answers out of range with NULL, and NULL with no length.
  const int length = PQgetlength(result_.get(), row, column);
  if (length == 0 && PQgetisnull(result_.get(), row, column)) {
    PANDO_ASSERT(row >= 0 && row < size() && column >= 0 && column < columns());
    return std::nullopt;
  }
  return std::string_view(PQgetvalue(result_.get(), row, column), static_cast<size_t>(length));
}

std::string_view Rows::Text(int row, int column) const {
  std::optional<std::string_view> value = Get(row, column);
  PANDO_ASSERT(value.has_value());
  return *value;
}

size_t Rows::bytes() const { return PQresultMemorySize(result_.get()); }

int64_t Rows::affected() const {
  if (!result_) return 0;
  const std::string_view digits = PQcmdTuples(result_.get());
  int64_t count = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return count;
}

}  // namespace pando::pg
