#include "pg/pq.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace pando::pg {

Rows RowsOf(const PGresult* result) {
  auto columns = std::make_shared<RowColumns>();
  for (int i = 0; i < PQnfields(result); ++i) columns->push_back({PQfname(result, i), PQftype(result, i)});
  std::vector<std::optional<std::string_view>> values(columns->size());
  RowsBuilder builder;
  builder.Begin(std::move(columns));
  for (int row = 0; row < PQntuples(result); ++row) {
    for (int i = 0; i < PQnfields(result); ++i) {
      auto& value = values[static_cast<size_t>(i)];
      value.reset();
      if (PQgetisnull(result, row, i) != 0) continue;
      value.emplace(PQgetvalue(result, row, i), static_cast<size_t>(PQgetlength(result, row, i)));
    }
    builder.Add(values);
  }
  return builder.Take();
}

}  // namespace pando::pg
