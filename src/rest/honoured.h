// Refuses what a request says and its method cannot honour, so that nothing is ignored that a client relies on: a write
// that reaches more rows than were asked for cannot be taken back.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include "base/result.h"
#include "rest/request.h"

namespace pando::rest {

//   kNotHonoured  columns= without a body; on_conflict= but on a POST of a table with resolution=; filters, limit or
//                 offset on a POST of a table; limit or offset on PATCH or DELETE; !inner, or a filter on whether an
//                 embed is empty, on PATCH, DELETE or PUT; order, or anything about an embed, on a write that answers
//                 no rows
Result<void> CheckHonoured(const Request& request);

}  // namespace pando::rest
