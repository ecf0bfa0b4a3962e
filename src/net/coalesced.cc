#include "net/coalesced.h"

#include <utility>

#include "base/backoff.h"

namespace pando::net {

Coalesced::Coalesced(Executor executor, TaskGroup& tasks, std::string_view name,
                     std::function<Task<Result<void>>()> run, Options options)
    : tasks_(tasks), name_(name), run_(std::move(run)), options_(options), pause_(executor) {}

void Coalesced::Request() {
  again_ = true;
  if (running_ || stopped_) return;
  running_ = true;
  tasks_.Spawn(name_, Loop());
}

void Coalesced::RequestAtOnce() {
  pause_.cancel();
  Request();
}

Task<void> Coalesced::Loop() {
  Backoff backoff(options_.retry_min, options_.retry_max);
  while (again_ && !stopped_) {
    again_ = false;
    const Result<void> done = co_await run_();
    if (done) {
      backoff.Reset();
      continue;
    }
    if (stopped_) break;
    again_ = true;
    pause_.expires_after(backoff.Next());
    co_await pause_.async_wait(deferred_tuple);
  }
  running_ = false;
}

}  // namespace pando::net
