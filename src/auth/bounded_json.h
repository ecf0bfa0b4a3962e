// JSON from outside, parsed with limits: depth 32, valid UTF-8 only.
//
// Concurrency  pure functions
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string_view>

namespace pando::auth {

// nullopt when `text` is not one JSON value within the limits. Of a repeated name the last value counts.
std::optional<boost::json::value> ParseJson(std::string_view text);
// nullopt also when it is not an object.
std::optional<boost::json::object> ParseJsonObject(std::string_view text);

}  // namespace pando::auth
