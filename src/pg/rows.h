// Rows is the result of one command: values as the server sent them, owned.
//
// Concurrency  immutable, single-owner (move-only)
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"

namespace pando::pg {

struct RowColumn {
  std::string name;
  uint32_t type = 0;    // of a domain, the type below it
  bool binary = false;  // the values are in PostgreSQL's binary format rather than text (Command::binary_times)

  bool operator==(const RowColumn&) const = default;
};
using RowColumns = std::vector<RowColumn>;

class Rows {
 public:
  Rows() = default;
  Rows(Rows&&) noexcept = default;
  Rows& operator=(Rows&&) noexcept = default;

  int size() const { return size_; }
  // The same for all answers of one statement that its connection keeps prepared. Null: no columns.
  const std::shared_ptr<const RowColumns>& layout() const { return columns_; }
  int columns() const { return columns_ ? static_cast<int>(columns_->size()) : 0; }
  // REQUIRES: in range, also below.
  const RowColumn& column(int column) const {
    PANDO_ASSERT(column >= 0 && column < columns());
    return (*columns_)[static_cast<size_t>(column)];
  }
  std::string_view column_name(int column) const { return this->column(column).name; }
  uint32_t type(int column) const { return this->column(column).type; }
  // -1 when there is no such column.
  int FindColumn(std::string_view name) const;
  // nullopt is NULL. Valid as long as the Rows.
  std::optional<std::string_view> Get(int row, int column) const;
  // REQUIRES: not NULL.
  std::string_view Text(int row, int column) const;
  // Memory that all of it takes.
  size_t bytes() const;
  // Rows that an INSERT, UPDATE or DELETE without RETURNING touched.
  int64_t affected() const { return affected_; }

 private:
  friend class RowsBuilder;
  std::shared_ptr<const RowColumns> columns_;  // null: none
  std::string bytes_;                          // of each row the values, each behind its length
  std::vector<uint32_t> places_;               // of the values in bytes_, row by row
  int size_ = 0;
  int64_t affected_ = 0;
};

// Makes Rows of the server's messages, or of values.
//
// Concurrency  single-owner
class RowsBuilder {
 public:
  // Forgets what was begun. Null: no columns.
  void Begin(std::shared_ptr<const RowColumns> columns);
  // The body of a DataRow message. False when it does not hold a value for each column, or when the rows have become
  // more than 2 GiB.
  bool AddMessage(std::string_view body);
  // REQUIRES: as many as columns.
  void Add(std::span<const std::optional<std::string_view>> values);
  void SetAffected(int64_t affected) { rows_.affected_ = affected; }
  Rows Take();

 private:
  Rows rows_;
};

}  // namespace pando::pg
