// What a function said of the response by the settings response.status and response.headers (docs/rest.md section 20).
//
// Concurrency  pure functions
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace pando::serve {

// Overrides the response's status and headers; a header of the same name is replaced, repeated ones are kept.
//   kResponseHeadersSetting, kResponseStatusSetting  the setting cannot be read
Result<void> ApplyResponseSettings(const std::optional<std::string>& headers, const std::optional<std::string>& status,
                                   http::Response& response);

}  // namespace pando::serve
