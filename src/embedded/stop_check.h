// Whether the start of the embedded PostgreSQL is to end before it is done.
//
// Concurrency  called on the thread that starts it
#pragma once

#include <functional>

namespace pando::embedded {

// True: end soon. Asked some hundred times a second; may be empty, which never says so.
using StopCheck = std::function<bool()>;

inline bool IsAsked(const StopCheck& stop) { return stop && stop(); }

}  // namespace pando::embedded
