// A RowMaker writes the rows of one table in COPY's text format, one after the other, the same for the same seed.
//
// Concurrency  single-owner
// Bounds       the keys of a table whose combinations of parents must differ are remembered: 8 bytes a row
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "bench/random.h"
#include "bench/sampler.h"
#include "bench/table_shape.h"

namespace pando::bench {

// The keys of a parent: by formula from the row's index where we made the rows, else as they were read.
struct ParentKeys {
  uint64_t count = 0;
  // Appends the values of these columns of row `index`, one text a column, escaped.
  std::function<std::vector<std::string>(uint64_t index)> at;
};

class RowMaker {
 public:
  // `parents` has an entry for each foreign key of the table; one with no keys makes its columns NULL.
  //   kConfigInvalid  a column that must have a value and for which none is known
  // REQUIRES: `table` outlives the maker.
  static Result<RowMaker> Make(const TableShape& table, std::vector<ParentKeys> parents, uint64_t rows, uint64_t seed);

  // At most `rows`: fewer where keys of parents do not give as many different combinations.
  uint64_t rows() const { return rows_; }
  // The columns that are written, in order; the others take their defaults.
  const std::vector<size_t>& columns() const { return written_; }

  // Appends the next row, with its line break. False when no row can be made that differs from those before.
  bool Append(std::string& out);

 private:
  enum class Source : uint8_t { kNull, kKey, kParent, kValue, kDefault };
  struct Plan {
    Source source = Source::kValue;
    size_t parent = 0;    // of kParent: which foreign key
    size_t position = 0;  // and which of its columns
    double null_share = 0;
  };

  RowMaker(const TableShape& table, std::vector<ParentKeys> parents, uint64_t rows, uint64_t seed);

  Result<void> PlanColumns();
  Result<void> PlanValue(size_t column);
  Result<void> PlanKeys();
  Error NothingKnown(size_t column) const;
  void DrawParents();
  bool IsNew();

  const TableShape* table_;
  std::vector<ParentKeys> parents_;
  std::vector<Sampler> popularity_;  // by foreign key
  std::vector<Scatter> scatters_;
  std::vector<bool> in_order_;  // by foreign key: each parent once, for the columns are unique
  std::vector<Plan> plans_;     // by column
  std::vector<size_t> written_;
  std::vector<std::vector<size_t>> combinations_;   // unique keys whose columns are all drawn: the foreign keys
  std::vector<std::unordered_set<uint64_t>> seen_;  // by combination
  std::vector<uint64_t> drawn_;                     // by foreign key: the parent's row
  std::vector<std::vector<std::string>> parent_values_;
  uint64_t rows_;
  uint64_t salt_;
  uint64_t index_ = 0;
  Random random_;
};

// What tells tables apart where the same seed must not give the same values.
uint64_t SaltOf(const std::string& table);

}  // namespace pando::bench
