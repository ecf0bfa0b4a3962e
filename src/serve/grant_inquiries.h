// A GrantInquiries bounds the questions about missing privileges, for those who are refused may be many: one question
// at a time, and one in kInterval for the same refusal. The answer is remembered for as long.
//
// Concurrency  executor-bound: one GrantInquiries per event loop
// Bounds       kRememberedMax refusals; while they are all young, none is added
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/deadline.h"

namespace pando::serve {

class GrantInquiries {
 public:
  static constexpr std::chrono::seconds kInterval{1};
  static constexpr size_t kRememberedMax = 64;

  struct Turn {
    bool may_ask = false;
    std::optional<std::string> known;  // the answer, where this question was asked less than kInterval ago
  };
  // `refusal` is what was refused, `question` what would be asked about it, as a hash. Where may_ask is set, Leave()
  // follows.
  Turn Enter(const std::string& refusal, size_t question, Clock::time_point now);
  // nullopt: the question failed.
  void Leave(const std::string& refusal, std::optional<std::string> answer);

  // Calls Leave() when it dies, and so also when the coroutine that asks is cancelled. Outlived by the GrantInquiries.
  class UnderWay {
   public:
    UnderWay(GrantInquiries& inquiries, std::string refusal) : inquiries_(inquiries), refusal_(std::move(refusal)) {}
    ~UnderWay() { inquiries_.Leave(refusal_, std::move(answer)); }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;

    std::optional<std::string> answer;

   private:
    GrantInquiries& inquiries_;
    const std::string refusal_;
  };

 private:
  struct Asked {
    Clock::time_point at;
    size_t question = 0;
    std::optional<std::string> answer;
  };

  bool is_under_way_ = false;                     // on the executor, as everything below
  std::unordered_map<std::string, Asked> asked_;  // by refusal
};

}  // namespace pando::serve
