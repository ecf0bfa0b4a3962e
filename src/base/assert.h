// Assertions that stay on in release builds. For what only we can break; what a client, a peer or a disk can cause is
// an Error (base/error.h).
#pragma once

namespace pando {

[[noreturn]] void AssertionFailed(const char* expression, const char* file, int line);

}  // namespace pando

#define PANDO_ASSERT(condition) \
  (static_cast<bool>(condition) ? void(0) : ::pando::AssertionFailed(#condition, __FILE__, __LINE__))

// Whole-structure checks: on in debug and sanitizer builds only.
#ifdef NDEBUG
#define PANDO_ASSERT_SLOW(condition) void(0)
#else
#define PANDO_ASSERT_SLOW(condition) PANDO_ASSERT(condition)
#endif
