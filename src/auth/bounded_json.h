// JSON from outside, parsed with limits: depth 32, valid UTF-8 only.
//
// Concurrency  pure functions
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>

namespace pando::auth {

// nullopt when `text` is not one JSON object within the limits. Of a repeated name the last value counts.
std::optional<boost::json::object> ParseJsonObject(std::string_view text);

}  // namespace pando::auth
