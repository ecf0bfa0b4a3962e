// Quotes names and texts for SQL that cannot take a parameter.
//
// Concurrency  thread-safe
#pragma once

#include <string>
#include <string_view>

namespace pando::pg {

// Quoted as an identifier / as a literal. Any bytes are safe.
std::string QuoteIdentifier(std::string_view name);
std::string QuoteLiteral(std::string_view text);

}  // namespace pando::pg
