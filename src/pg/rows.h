// Rows is the result of one command: text values, owned.
//
// Concurrency  immutable, single-owner (move-only)
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

struct pg_result;

namespace pando::pg {

class Rows {
 public:
  Rows() = default;
  explicit Rows(pg_result* result);  // takes ownership

  int size() const;
  int columns() const;
  std::string_view column_name(int column) const;
  // -1 when there is no such column.
  int FindColumn(std::string_view name) const;
  // The column's type; of a domain, the type below it. REQUIRES: in range.
  uint32_t type(int column) const;
  // nullopt is NULL. Valid as long as the Rows. REQUIRES: in range.
  std::optional<std::string_view> Get(int row, int column) const;
  // REQUIRES: not NULL.
  std::string_view Text(int row, int column) const;
  // Memory that all of it takes.
  size_t bytes() const;
  // Rows that an INSERT, UPDATE or DELETE without RETURNING touched.
  int64_t affected() const;

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace pando::pg
