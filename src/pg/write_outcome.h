// What is told of a write that was neither done nor refused by the database.
//
// Concurrency  pure functions
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

// The same, of one that goes on after its caller: who was cancelled, or whose deadline has passed.
inline Error WriteGoesOn(bool was_cancelled) {
  return WriteUnknown(was_cancelled ? "nobody waits for its end" : "the deadline passed before its end");
}

// kStandby: not done.
inline Error ServerIsStandby() {
  return Error(ErrorId::kStandby, "nothing was written, for the database server is a standby")
      .WithHint("let database.url lead to the primary");
}

}  // namespace pando::pg
