// The Generator sends a workload on a schedule from several threads and answers what came of it.
//
// Concurrency  single-owner; Run() blocks and starts the threads that it needs
// Ownership    owns the workers with their connections, which stay open between runs; target and workload outlive it
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "bench/worker.h"

namespace pando::bench {

struct GeneratorOptions {
  uint32_t connections = 64;  // of all threads together
  uint32_t threads = 1;       // at most as many as connections
  Arrivals arrivals = Arrivals::kPoisson;
  milliseconds timeout{10'000};
  milliseconds slo{50};
};

// How far a run is. Called by Run() on the caller's thread, a few times a second.
struct Progress {
  double seconds = 0;
  uint64_t answered = 0;
  uint64_t failed = 0;
};
using ProgressListener = std::function<void(const Progress&)>;

class Generator {
 public:
  Generator(const Target& target, const Workload& workload, const GeneratorOptions& options);

  // One Tally a phase. `listener` may be empty.
  //   kNetwork  not a single connection could be made
  // REQUIRES: phases with a duration each.
  Result<std::vector<Tally>> Run(const std::vector<Phase>& phases, uint64_t seed, const ProgressListener& listener);

 private:
  // Waits for the threads and tells the listener meanwhile.
  void Watch(int64_t start_ns, int64_t end_ns, const ProgressListener& listener) const;

  const Target& target_;
  const GeneratorOptions options_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace pando::bench
