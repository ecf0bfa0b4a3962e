// `pando bench populate`: fills the tables of a schema with rows, parents first. For the command line: it blocks and
// prints a line for each table.
//
// Concurrency  single-owner: the main thread
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace pando::bench {

struct PopulateOptions {
  std::string schema = "public";
  int64_t rows = 100'000;  // of a table that no other refers to; those referred to get a tenth, theirs a hundredth
  std::string tables;      // "orders=500000,items=1000": these numbers instead; 0 leaves a table empty
  int64_t seed = 1;
};

// Tables that have rows already are left as they are, and their keys are used. What fails of one table leaves it empty.
//   kConfigInvalid  an option that cannot be read, no such table, a column for which no value is known
//   kSqlstate       PostgreSQL refused a row (a CHECK that is not a list of values, a trigger)
//   kDatabaseUnreachable, kDatabaseConnectionLost
Result<void> Populate(const std::string& uri, const PopulateOptions& options);

}  // namespace pando::bench
