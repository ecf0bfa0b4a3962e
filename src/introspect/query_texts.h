// The texts of the queries, apart from the code that sends them. They hold for PostgreSQL 14 to 18.
//
// Concurrency  immutable
#pragma once

#include <string_view>

#include "introspect/queries.h"

namespace pando::introspect {

enum class QueryInput {
  kNone,
  kExposed,             // $1: the exposed schemas
  kSearched,            // $1: those and the extra search path
  kExposedAndSearched,  // $1 and $2
  kWatchedBuiltIns,     // $1: names of functions
  kPreRequest,          // $1: a function's name, perhaps qualified, perhaps empty
};

struct QueryText {
  Query query;
  QueryInput input;
  int columns;
  std::string_view sql;
};

const QueryText& TextOf(Query query);

}  // namespace pando::introspect
