// Entity tags in the fields of conditional requests (RFC 9110, sections 8.8.3 and 13.1).
//
// Concurrency  pure functions
#pragma once

#include <string_view>
#include <vector>

namespace pando::http {

// By weak comparison W/"a" is "a"; by the strong one it is nothing.
enum class TagComparison { kWeak, kStrong };

// Whether one of the fields' values, each a list of entity tags, names `etag`. What is not an entity tag ends its list.
bool NamesTag(const std::vector<std::string_view>& fields, std::string_view etag, TagComparison comparison);

// Whether one of them is "*".
bool NamesAnyTag(const std::vector<std::string_view>& fields);

}  // namespace pando::http
