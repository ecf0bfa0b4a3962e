#include "server/worker_pool.h"

#include <sys/resource.h>

namespace pando::server {
namespace {

constexpr size_t kLoopsPerWorker = 4;
constexpr int kNiceness = 5;
// Long bodies and answers, whose memory has a bound of its own, and OpenAPI documents, of which each is written once.
constexpr size_t kWaitingMax = 1024;

}  // namespace

WorkerPool::WorkerPool(size_t loops) : loops_((loops + kLoopsPerWorker - 1) / kLoopsPerWorker) {
  for (size_t i = 0; i < loops_.size(); ++i) workers_.emplace_back(loops_.executor(i), kWaitingMax);
}

net::Worker& WorkerPool::Of(size_t loop) { return workers_[loop / kLoopsPerWorker]; }

void WorkerPool::Start() {
  loops_.Start();
  // Linux: of the calling thread alone (setpriority(2), "C library/kernel differences").
  loops_.PostToEach([](size_t) { ::setpriority(PRIO_PROCESS, 0, kNiceness); });
}

}  // namespace pando::server
