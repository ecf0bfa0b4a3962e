// Errors as HTTP responses: the status of each kind and SQLSTATE (docs/rest.md section 28), the body, the headers.
//
// Concurrency  pure functions
#pragma once

#include "base/error.h"
#include "http/message.h"

namespace pando::serve {

struct ErrorContext {
  // The caller has the role of callers without a token: 42501 is then 401 (who are you?), as in PostgREST.
  bool anonymous = true;
  bool minimal = false;  // rest.client_error_verbosity
  // The same: PostgREST's status for a subquery of several rows, which is 500.
  bool as_postgrest = false;
};

// The status of an error, without rendering it.
int HttpStatusOf(const Error& error, bool anonymous);

http::Response RenderError(const Error& error, const ErrorContext& context);
// The same with a status that the connection has decided already.
http::Response RenderErrorWithStatus(int status, const Error& error, bool minimal);

}  // namespace pando::serve
