#include "net/loop_group.h"

#include <pthread.h>

#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include "base/assert.h"
#include "net/socket.h"
#include "net/spawn.h"

namespace pando::net {
namespace {

constexpr milliseconds kLagProbe{250};
constexpr int kProbesPerWindow = 4;

}  // namespace

struct LoopGroup::Loop {
  Loop() : work(context.get_executor()), lag_timer(context.get_executor()) {}

  void Run() {
    ProbeLag();
    for (;;) {
      try {
        context.run();
        return;
      } catch (...) {
        LogEscaped("event loop", std::current_exception());
      }
    }
  }

  // A timer that is due every 250 ms tells by its delay how long other handlers held the loop.
  void ProbeLag() {
    lag_timer.expires_after(kLagProbe);
    lag_timer.async_wait([this](const boost::system::error_code& failure) {
      if (failure) return;
      worst = std::max(worst, Clock::now() - lag_timer.expiry());
      if (worst.count() > lag.load(std::memory_order_relaxed) || ++probes == kProbesPerWindow) {
        lag.store(worst.count(), std::memory_order_relaxed);
      }
      if (probes >= kProbesPerWindow) {
        probes = 0;
        worst = {};
      }
      ProbeLag();
    });
  }

  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<Executor> work;
  Timer lag_timer;
  Clock::duration worst{};      // on the executor
  int probes = 0;               // on the executor
  std::atomic<int64_t> lag{0};  // written on the executor
  std::thread thread;           // the owner's
};

LoopGroup::LoopGroup(size_t count) {
  PANDO_ASSERT(count > 0);
  for (size_t i = 0; i < count; ++i) loops_.push_back(std::make_unique<Loop>());
}

LoopGroup::~LoopGroup() {
  Stop();
  Join();
}

Executor LoopGroup::executor(size_t index) const { return loops_.at(index)->context.get_executor(); }

void LoopGroup::Start() {
  for (size_t i = 0; i < loops_.size(); ++i) {
    Loop& loop = *loops_[i];
    PANDO_ASSERT(!loop.thread.joinable());
    loop.thread = std::thread([&loop] { loop.Run(); });
    ::pthread_setname_np(loop.thread.native_handle(), ("loop-" + std::to_string(i)).c_str());
  }
}

void LoopGroup::Post(size_t index, std::function<void()> work) { boost::asio::post(executor(index), std::move(work)); }

void LoopGroup::PostToEach(std::function<void(size_t index)> work) {
  for (size_t i = 0; i < loops_.size(); ++i) Post(i, [work, i] { work(i); });
}

void LoopGroup::Stop() {
  for (auto& loop : loops_) loop->context.stop();
}

void LoopGroup::Join() {
  for (auto& loop : loops_) {
    if (loop->thread.joinable()) loop->thread.join();
  }
}

Clock::duration LoopGroup::lag(size_t index) const {
  return Clock::duration(loops_.at(index)->lag.load(std::memory_order_relaxed));
}

}  // namespace pando::net
