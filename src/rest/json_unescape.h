// Reading JSON strings; base/json_text.h writes them.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <string>
#include <string_view>

namespace pando::rest {

// The characters of a JSON string, given what stands between its quotes. A surrogate without its other half becomes
// U+FFFD.
// REQUIRES: `raw` is what a valid JSON text has between two quotes
std::string UnescapeJsonString(std::string_view raw);

}  // namespace pando::rest
