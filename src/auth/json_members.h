// The members of a JSON object as slices of its text, so that numbers keep each of their digits.
//
// Concurrency  pure functions
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pando::auth {

struct JsonMember {
  std::string name;   // decoded
  std::string value;  // JSON, without white space between its tokens
};

// REQUIRES: `object` is a valid JSON object.
std::vector<JsonMember> SplitJsonObject(std::string_view object);

}  // namespace pando::auth
