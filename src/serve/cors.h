// Cross-origin requests as browsers need them (Fetch standard, CORS protocol; docs/rest.md section 25).
//
// Concurrency  pure functions
#pragma once

#include "http/message.h"
#include "serve/options.h"

namespace pando::serve {

// Fills `response`, which is new, when the request is a preflight (OPTIONS with Origin and
// Access-Control-Request-Method); false when it is none.
bool AnswerPreflight(const http::Request& request, const RestOptions& options, http::Response& response);

// Adds what lets the page at Origin read the response.
void AddCorsHeaders(const http::Request& request, const RestOptions& options, http::Response& response);

// The same for a refusal. `request` is null where its header is not known: a page may then read the refusal where every
// page may.
void AddCorsHeadersToRefusal(const http::Request* request, const RestOptions& options, http::Response& response);

}  // namespace pando::serve
