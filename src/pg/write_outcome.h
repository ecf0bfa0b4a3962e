// The third outcome of a write, beside done and not done.
//
// Concurrency  pure functions
// Internal to pg/.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace pando::pg {

// kWriteUnknown. `why` is for the caller to read.
inline Error WriteUnknown(std::string_view why) {
  return Error(ErrorId::kWriteUnknown, "it is not known whether the write was done; look before writing again")
      .WithDetail(std::string(why));
}

}  // namespace pando::pg
