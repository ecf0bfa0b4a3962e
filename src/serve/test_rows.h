// Rows as the database would answer them, for tests.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
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
  auto described = std::make_shared<pg::RowColumns>();
  for (const TestColumnOf& column : columns) described->push_back({column.name, column.type});
  pg::RowsBuilder builder;
  builder.Begin(std::move(described));
  for (const std::vector<const char*>& row : values) {
    std::vector<std::optional<std::string_view>> given;
    for (const char* value : row) given.push_back(value ? std::optional<std::string_view>(value) : std::nullopt);
    builder.Add(given);
  }
  return builder.Take();
}

}  // namespace pando::serve
