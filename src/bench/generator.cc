#include "bench/generator.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <thread>

namespace pando::bench {
namespace {

constexpr int64_t kConnectWaitNs = 10'000'000'000;
// From the last connection being there to the first request: the threads have to wake up.
constexpr int64_t kHeadStartNs = 20'000'000;
constexpr int64_t kNoStart = -1;
constexpr std::chrono::milliseconds kListenEvery{250};

}  // namespace

Generator::Generator(const Target& target, const Workload& workload, const GeneratorOptions& options)
    : target_(target), options_(options) {
  const uint32_t threads = std::clamp<uint32_t>(options.threads, 1, std::max<uint32_t>(options.connections, 1));
  for (uint32_t i = 0; i < threads; ++i) {
    WorkerOptions one;
    one.connections = options.connections / threads + (i < options.connections % threads ? 1 : 0);
    one.share = {i, threads};
    one.arrivals = options.arrivals;
    one.timeout_ns = std::chrono::nanoseconds(options.timeout).count();
    one.slo_ns = std::chrono::nanoseconds(options.slo).count();
    workers_.push_back(std::make_unique<Worker>(target, workload, one));
  }
}

Result<std::vector<Tally>> Generator::Run(const std::vector<Phase>& phases, uint64_t seed,
                                          const ProgressListener& listener) {
  std::latch connected(static_cast<std::ptrdiff_t>(workers_.size()));
  std::atomic<uint32_t> connections{0};
  std::promise<int64_t> start;
  const std::shared_future<int64_t> started = start.get_future().share();
  std::vector<std::vector<Tally>> tallies(workers_.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < workers_.size(); ++i) {
    threads.emplace_back([&, i] {
      workers_[i]->Prepare(phases, seed);
      connections += workers_[i]->Connect(kConnectWaitNs);
      connected.count_down();
      const int64_t start_ns = started.get();
      if (start_ns != kNoStart) tallies[i] = workers_[i]->Run(start_ns);
    });
  }
  connected.wait();
  const int64_t start_ns = connections > 0 ? NowNs() + kHeadStartNs : kNoStart;
  start.set_value(start_ns);
  if (start_ns != kNoStart) Watch(start_ns, start_ns + DurationOf(phases).count(), listener);
  for (std::thread& thread : threads) thread.join();
  if (start_ns == kNoStart) {
    return Error(ErrorId::kNetwork, "cannot connect to " + target_.url.authority())
        .WithHint(target_.tls ? "check that the certificate is trusted, or give --insecure"
                              : "check that the server is running");
  }
  for (size_t i = 1; i < tallies.size(); ++i) {
    for (size_t phase = 0; phase < phases.size(); ++phase) tallies[0][phase].Merge(tallies[i][phase]);
  }
  return std::move(tallies[0]);
}

void Generator::Watch(int64_t start_ns, int64_t end_ns, const ProgressListener& listener) const {
  if (!listener) return;
  while (NowNs() < end_ns) {
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(
        kListenEvery, std::chrono::nanoseconds(std::max<int64_t>(end_ns - NowNs(), 1))));
    Progress progress;
    progress.seconds = static_cast<double>(std::max<int64_t>(NowNs() - start_ns, 0)) * 1e-9;
    for (const auto& worker : workers_) {
      progress.answered += worker->counters().answered.load(std::memory_order_relaxed);
      progress.failed += worker->counters().failed.load(std::memory_order_relaxed);
    }
    listener(progress);
  }
}

}  // namespace pando::bench
