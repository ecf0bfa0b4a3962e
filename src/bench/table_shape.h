// The shapes of a schema's tables, as far as rows for them must know: columns, keys, and who refers to whom.
//
// Concurrency  immutable once read
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pg/copy_session.h"

namespace pando::bench {

struct ColumnShape {
  std::string name;
  std::string type;  // pg_type's name of what is below a domain: "int4", "varchar", "_text" of an array
  bool not_null = false;
  bool has_default = false;
  bool has_sequence = false;         // a serial or identity column: its sequence is set behind the rows
  int length_max = 0;                // of varchar(n) and char(n); 0: none
  int digits = 0, scale = 0;         // of numeric(digits, scale); 0: none
  std::vector<std::string> choices;  // an enum's labels, or those that CHECK (column IN (...)) lists
};

struct ForeignKeyShape {
  std::vector<size_t> columns;
  std::string table;
  std::vector<std::string> foreign_columns;
};

struct TableShape {
  std::string name;
  std::vector<ColumnShape> columns;              // but for generated ones
  std::vector<std::vector<size_t>> unique_keys;  // the primary key and every unique index of plain columns
  std::vector<ForeignKeyShape> foreign_keys;
  bool has_rows = false;

  std::optional<size_t> Find(const std::string& column) const;
};

// Ordinary tables only; of partitioned ones the parent. Ordered by name.
//   as CopySession::Run
Result<std::vector<TableShape>> ReadTableShapes(pg::CopySession& session, const std::string& schema);

}  // namespace pando::bench
