// Defaults of columns as JSON values.
//
// Concurrency  pure functions
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pando::serve {

// The text of a constant as pg_get_expr prints it: 'it''s'::text, '-1'::integer, 42.2, false, ('x'::text)::domain.
// nullopt when the expression computes something, or is NULL.
std::optional<std::string> ConstantText(std::string_view expression);

}  // namespace pando::serve
