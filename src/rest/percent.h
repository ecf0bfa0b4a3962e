// Percent-encoding of URLs and forms.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace pando::rest {

enum class Plus { kIsPlus, kIsSpace };  // a path keeps its pluses, a query or form means spaces by them

// Appends `text` decoded. PostgreSQL's text knows neither NUL nor malformed UTF-8, so both are refused here, where the
// message can still say what was wrong.
//   kQueryParse  an escape is not % and two hexadecimal digits, the text holds a NUL, or it is not UTF-8
Result<void> AppendPercentDecoded(std::string_view text, Plus plus, std::string& out);

// Appends `text` with everything but letters, digits and "-_.~" escaped.
void AppendPercentEncoded(std::string_view text, std::string& out);

}  // namespace pando::rest
