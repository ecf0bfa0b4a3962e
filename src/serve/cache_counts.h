// What became of the look-ups of one event loop.
//
// Concurrency  written by one thread, read by any
#pragma once

#include <atomic>
#include <cstdint>

namespace pando::serve {

struct CacheCounts {
  std::atomic<uint64_t> hits{0};
  std::atomic<uint64_t> misses{0};    // of what may be kept
  std::atomic<uint64_t> bypasses{0};  // reads of what may not, or while the stream is too old
};

// There is one writer, so that no locked instruction is needed.
inline void CountOne(std::atomic<uint64_t>& count) {
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace pando::serve
