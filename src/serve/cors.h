// Cross-origin requests as browsers need them (Fetch standard, CORS protocol; REST.md section 25).
//
// Concurrency  pure functions
#pragma once

#include <optional>

#include "http/message.h"
#include "serve/options.h"

namespace pando::serve {

// The answer to a preflight (OPTIONS with Origin and Access-Control-Request-Method); nullopt when it is none.
std::optional<http::Response> AnswerPreflight(const http::Request& request, const RestOptions& options);

// Adds what lets the page at Origin read the response.
void AddCorsHeaders(const http::Request& request, const RestOptions& options, http::Response& response);

}  // namespace pando::serve
