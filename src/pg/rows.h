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
#include "base/byte_order.h"

namespace pando::pg {

struct RowColumn {
  std::string name;
  uint32_t type = 0;    // of a domain, the type below it
  bool binary = false;  // the values are in PostgreSQL's binary format rather than text (Command::binary_times)

  bool operator==(const RowColumn&) const = default;
};
using RowColumns = std::vector<RowColumn>;

// The values of a row, one after the other: what prints them all takes this way.
class RowValues {
 public:
  static constexpr size_t kLengthBytes = 4;  // in front of a value; -1 is NULL

  // Of Rows::Values().
  explicit RowValues(std::string_view values) : left_(values) {}
  // nullopt is NULL. REQUIRES: called at most as often as there are columns.
  std::optional<std::string_view> Next() {
    PANDO_ASSERT(left_.size() >= kLengthBytes);
    const auto length = ReadNumber<int32_t>(left_.data());
    left_.remove_prefix(kLengthBytes);
    if (length < 0) return std::nullopt;
    const std::string_view value = left_.substr(0, static_cast<size_t>(length));
    left_.remove_prefix(value.size());
    return value;
  }

 private:
  std::string_view left_;
};

class Rows {
 public:
  Rows() = default;
  Rows(Rows&&) noexcept = default;
  Rows& operator=(Rows&&) noexcept = default;

  int size() const { return static_cast<int>(begins_.size()); }
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
  // The values of a row as the server sent them, each behind its length: for RowValues. Valid as long as the Rows.
  std::string_view Values(int row) const;
  // nullopt is NULL. Valid as long as the Rows. Takes the longer, the more columns stand before.
  std::optional<std::string_view> Get(int row, int column) const;
  // REQUIRES: not NULL.
  std::string_view Text(int row, int column) const;
  // Memory that all of it takes.
  size_t bytes() const;
  // Bytes of the values, each with its length.
  size_t text_bytes() const { return bytes_.size(); }
  // Rows that an INSERT, UPDATE or DELETE without RETURNING touched.
  int64_t affected() const { return affected_; }

 private:
  friend class RowsBuilder;
  std::shared_ptr<const RowColumns> columns_;  // null: none
  std::string bytes_;                          // of each row the values, each behind its length
  std::vector<uint32_t> begins_;               // of the rows in bytes_
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
  // REQUIRES: as many as columns, and 2 GiB in all at most.
  void Add(std::span<const std::optional<std::string_view>> values);
  size_t bytes() const { return rows_.text_bytes(); }
  void SetAffected(int64_t affected) { rows_.affected_ = affected; }
  Rows Take();

 private:
  Rows rows_;
};

}  // namespace pando::pg
