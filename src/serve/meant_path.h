// What would help against a path that names nothing: the path that was meant.
//
// Concurrency  pure functions
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "catalog/catalog.h"

namespace pando::serve {

// Which part of the API lies where.
struct PathContext {
  std::string_view path;            // as sent, without the query
  const std::string& prefix;        // rest.prefix
  const std::string& schema;        // of the request
  const catalog::Catalog* catalog;  // null: none is loaded
};

// kInvalidPath as `error` says it, with a hint where one can tell what was meant: a row by its key (`/orders/5`), a
// trailing slash, a path without the prefix; and with a sentence of its own for the other APIs of Supabase.
Error WithMeantPath(const Error& error, const PathContext& context);

}  // namespace pando::serve
