// What a value has been, and when each state of it may have been seen: from when its commit was sent, until the commit
// of the next one was acknowledged.
//
// Concurrency  thread-safe; one thread writes
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

using Clock = std::chrono::steady_clock;

template <class Value>
class History {
 public:
  struct State {
    Value value;
    Clock::time_point possible_from;  // may be seen
    Clock::time_point sure_from;      // the one before may not
  };

  History() : History(Value()) {}
  explicit History(Value first) {
    states_.push_back({std::move(first), Clock::time_point::min(), Clock::time_point::min()});
  }

  // What the writer is about to make of it.
  void Begin(Value value) {
    const std::lock_guard lock(mutex_);
    while (states_.size() > 2 && states_[1].sure_from < Clock::now() - kKept) states_.pop_front();
    states_.push_back({std::move(value), Clock::now(), Clock::time_point::max()});
  }
  void Commit() {
    const std::lock_guard lock(mutex_);
    states_.back().sure_from = Clock::now();
  }
  // It is known not to have happened. Somebody may have looked meanwhile, but has seen nothing of it.
  void Undo() {
    const std::lock_guard lock(mutex_);
    states_.pop_back();
  }
  State now() const {
    const std::lock_guard lock(mutex_);
    return states_.back();
  }
  // All that may have been seen from `begin` to `end`.
  std::vector<Value> Between(Clock::time_point begin, Clock::time_point end) const {
    const std::lock_guard lock(mutex_);
    std::vector<Value> possible;
    for (size_t i = 0; i < states_.size(); ++i) {
      const auto until = i + 1 < states_.size() ? states_[i + 1].sure_from : Clock::time_point::max();
      if (states_[i].possible_from <= end && until >= begin) possible.push_back(states_[i].value);
    }
    return possible;
  }

 private:
  static constexpr std::chrono::seconds kKept{20};

  mutable std::mutex mutex_;
  std::deque<State> states_;
};
