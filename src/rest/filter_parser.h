// Operator expressions: `not.eq.5`, `in.(1,2)`, `like(any).{a*,b*}`, `fts(english).cat`.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "rest/cursor.h"
#include "rest/query.h"

namespace pando::rest {

// Where an expression stands decides where its value ends.
enum class ValueSyntax {
  kWholeText,  // a parameter's value: everything up to the end, taken literally
  kLogicLeaf,  // inside and(...): up to "," or ")", with "..." and {...} protecting them
};

// Reads one expression from the cursor; on failure notes why in it.
bool ReadOperation(Cursor& in, ValueSyntax syntax, Operation& out);

// A filter parameter's value.
//   kQueryParse  no operator expression
Result<Operation> ParseOperation(std::string_view text);

// The same for a parameter that may also be an argument of a function: nothing if it is no operator expression.
std::optional<Operation> TryParseOperation(std::string_view text);

}  // namespace pando::rest
