// Gives memory that this thread has freed back to the operating system: an allocator keeps it for the next time, and of
// what is long there may be none for hours.
//
// Concurrency  thread-safe
#pragma once

// mimalloc's, where the program is linked with it. NOLINTNEXTLINE(readability-identifier-naming)
extern "C" void mi_collect(bool force) __attribute__((weak));

namespace pando {

// What is worth it: the call takes some ten microseconds.
inline constexpr unsigned long kMuchMemoryBytes = 1ul << 20;

inline void ReturnFreedMemory() {
  if (mi_collect) mi_collect(true);
}

}  // namespace pando
