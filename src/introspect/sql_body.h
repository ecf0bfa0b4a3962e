// Reads the body of a SQL function that is kept as text, which PostgreSQL parses at each call under whatever search
// path there is. So names are not resolved here: they are collected, and whoever asks must count everything of that
// name, in any schema.
//
// Source  libpg_query, the parser of PostgreSQL 15; what only later ones understand is not read
// Concurrency  pure
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "catalog/observed.h"
#include "introspect/claim_names.h"

namespace pando::introspect {

// Everything that running a body may look up, by name, without schemas.
struct BodyNames {
  std::set<std::string> functions;  // also what may be a call in the form of a field: (x).name
  std::set<std::string> operators;  // with those behind ORDER BY, DISTINCT, IN, CASE and their kin
  std::set<std::string> relations;
  std::set<std::string> types;
  // Of CURRENT_USER and its kin, and of calls of current_setting by a constant name; those are not among the functions.
  catalog::Observed settings = catalog::Observed::kNothing;
  ClaimNames claims;          // where the claims are among the settings
  bool gives_claims = false;  // all of them, as JSON or text, and it does nothing else
  // It may look at the time, by itself or by the input of a type.
  bool varies = false;
};

inline constexpr size_t kBodyBytesMax = 16 * 1024;

// nullopt: the body does something else than plain SELECTs, holds a construct that is not known here, cannot be parsed,
// or is longer than kBodyBytesMax.
std::optional<BodyNames> ReadSqlBody(std::string_view text);

}  // namespace pando::introspect
