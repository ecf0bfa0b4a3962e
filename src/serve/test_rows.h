// Rows as the database would answer them, for tests.
#pragma once

#include <libpq-fe.h>

#include <cstring>
#include <vector>

#include "pg/rows.h"

namespace pando::serve {

struct TestColumnOf {
  const char* name;
  unsigned type;
};

// Values are text; null is NULL.
inline pg::Rows MakeRows(const std::vector<TestColumnOf>& columns,
                         const std::vector<std::vector<const char*>>& values) {
  PGresult* result = PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK);
  std::vector<PGresAttDesc> described;
  for (const TestColumnOf& column : columns) {
    described.push_back({const_cast<char*>(column.name), 0, 0, 0, column.type, -1, -1});
  }
  PQsetResultAttrs(result, static_cast<int>(described.size()), described.data());
  for (size_t row = 0; row < values.size(); ++row) {
    for (size_t column = 0; column < columns.size(); ++column) {
      const char* value = values[row][column];
      PQsetvalue(result, static_cast<int>(row), static_cast<int>(column), const_cast<char*>(value),
                 value ? static_cast<int>(std::strlen(value)) : -1);
    }
  }
  return pg::Rows(result);
}

}  // namespace pando::serve
