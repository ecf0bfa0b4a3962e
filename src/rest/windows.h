// limit, offset and the Range header, merged into one window of rows per level (docs/rest.md section 8).
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "rest/query.h"

namespace pando::rest {

// One limit= or offset= parameter.
struct WindowParameter {
  EmbedPath path;
  bool is_limit = false;  // else offset
  int64_t value = 0;      // REQUIRES: an offset is not negative
};

// An integer, blanks around allowed; beyond int64_t it is the nearest that fits.
std::optional<int64_t> ParseWindowNumber(std::string_view text);

// Intersects what applies to each level. The root's window is the first element if there is one. `range_header` is the
// Range header's value where it is honoured: A-B, A-, or the same behind "items=". A range of another unit, such as
// bytes=0-99, is left out, as RFC 9110 section 14.2 wants.
//   kInvalidRange  a negative limit, a Range that ends before it begins, or nothing in common between Range and limit
//   kNotHonoured   the Range header has another form
// REQUIRES: no two parameters are for the same number of one level
Result<std::vector<At<Window>>> MergeWindows(const std::vector<WindowParameter>& parameters,
                                             std::optional<std::string_view> range_header);

}  // namespace pando::rest
