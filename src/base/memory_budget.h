// A MemoryBudget bounds what many holders take together: each holds a Charge on it and says how much it has.
//
// Concurrency  MemoryBudget: thread-safe. Charge: single-owner
// Ownership    a Charge keeps its budget alive
// Bounds       bytes_max. What is small (kSmallBytes) may fill all of it, so that small things go on while large ones
//              wait. Large ones whose size is known may fill five eighths. Those that grow may fill one eighth: beyond
//              that they wait, and one comes to its end after the other. The first of all that wait may fill six
//              eighths together with what is held already.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/error.h"

namespace pando {

class MemoryBudget {
 public:
  static constexpr uint64_t kSmallBytes = uint64_t{64} << 10;

  explicit MemoryBudget(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  void SetMax(uint64_t bytes_max) { bytes_max_.store(bytes_max, std::memory_order_relaxed); }
  uint64_t bytes_max() const { return bytes_max_.load(std::memory_order_relaxed); }
  uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  // The most that one large Charge may hold.
  uint64_t large_max() const { return bytes_max() / 8 * 6; }

  // Those that were told that there is no room.
  void CountRefusal() { refusals_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }

 private:
  friend class MemoryCharge;

  bool Take(uint64_t bytes, uint64_t limit) {
    uint64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit || used > limit - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }

  std::atomic<uint64_t> bytes_max_;
  std::atomic<uint64_t> used_{0};
  std::atomic<uint64_t> refusals_{0};
  std::atomic<bool> has_first_{false};  // a Charge is the first in line
};

// kHttpOverloaded, for whom there is no room: what a budget bounds are bodies and answers.
inline Error NoRoomForIt() {
  return Error(ErrorId::kHttpOverloaded, "the memory for request bodies and responses is in use")
      .WithDetail("http.memory_max limits what they hold together");
}

// kKnown: all that is needed is asked for at once.
enum class MemoryNeed : uint8_t { kKnown, kGrows };

// What one holder has of a budget. Without a budget it holds nothing, and there is always room.
class MemoryCharge {
 public:
  MemoryCharge() = default;
  explicit MemoryCharge(std::shared_ptr<MemoryBudget> budget) : budget_(std::move(budget)) {}
  MemoryCharge(MemoryCharge&& other) noexcept
      : budget_(std::move(other.budget_)),
        bytes_(std::exchange(other.bytes_, 0)),
        is_first_(std::exchange(other.is_first_, false)) {}
  MemoryCharge& operator=(MemoryCharge&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    std::swap(is_first_, other.is_first_);
    return *this;
  }
  ~MemoryCharge() { Hold(0); }

  uint64_t bytes() const { return bytes_; }
  // The whole budget is less: waiting would be in vain.
  bool CanNever(uint64_t bytes) const {
    return budget_ && bytes > (bytes > MemoryBudget::kSmallBytes ? budget_->large_max() : budget_->bytes_max());
  }
  // Holds `bytes` in all from now on. False: there is no room, and nothing has changed.
  bool TryHold(uint64_t bytes, MemoryNeed need = MemoryNeed::kKnown) {
    if (!budget_ || bytes <= bytes_) {
      Hold(bytes);
      return true;
    }
    const uint64_t eighth = budget_->bytes_max() / 8;
    if (bytes <= MemoryBudget::kSmallBytes) return Take(bytes, budget_->bytes_max());
    return Take(bytes, need == MemoryNeed::kKnown ? eighth * 5 : eighth);
  }
  // The same for those that wait: the first of them has more room, until it holds nothing any more.
  bool TryHoldInLine(uint64_t bytes, MemoryNeed need = MemoryNeed::kKnown) {
    if (TryHold(bytes, need)) return true;
    if (!is_first_) is_first_ = !budget_->has_first_.exchange(true, std::memory_order_relaxed);
    return is_first_ && Take(bytes, budget_->large_max());
  }
  // Waits no more.
  void LeaveLine() {
    if (std::exchange(is_first_, false)) budget_->has_first_.store(false, std::memory_order_relaxed);
  }
  // The same where the memory has been taken already: past the bound, if need be.
  void Hold(uint64_t bytes) {
    if (!budget_) return;
    // Modulo 2^64, as unsigned numbers are: less is a difference too.
    budget_->used_.fetch_add(bytes - bytes_, std::memory_order_relaxed);
    bytes_ = bytes;
    if (bytes == 0) LeaveLine();
  }
  void CountRefusal() {
    if (!budget_) return;
    LeaveLine();
    budget_->CountRefusal();
  }

 private:
  // REQUIRES: bytes > bytes_
  bool Take(uint64_t bytes, uint64_t limit) {
    if (!budget_->Take(bytes - bytes_, limit)) return false;
    bytes_ = bytes;
    return true;
  }

  std::shared_ptr<MemoryBudget> budget_;  // null: unbounded
  uint64_t bytes_ = 0;
  bool is_first_ = false;  // in line
};

}  // namespace pando
