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
  return Error(ErrorId::kWriteUnknown,
               "it is not known whether the write was done; read the data before you write again")
      .WithDetail(std::string(why));
}

// The same, of one that goes on after its caller: who was cancelled, or whose deadline has passed.
inline Error WriteGoesOn(bool was_cancelled) {
  return WriteUnknown(was_cancelled ? "the client left before the write ended"
                                    : "the time for the request was over before the write ended");
}

// kStandby: not done.
inline Error ServerIsStandby() {
  return Error(ErrorId::kStandby, "nothing was written, because the database server is a standby")
      .WithHint("set database.url to the primary");
}

}  // namespace pando::pg
