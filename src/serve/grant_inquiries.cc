#include "serve/grant_inquiries.h"

#include "base/assert.h"

namespace pando::serve {

GrantInquiries::Turn GrantInquiries::Enter(const std::string& refusal, size_t question, Clock::time_point now) {
  const auto is_old = [&](const auto& entry) { return now - entry.second.at >= kInterval; };
  const auto found = asked_.find(refusal);
  if (found != asked_.end() && !is_old(*found)) {
    const bool is_same = found->second.question == question;
    return {false, is_same ? found->second.answer : std::nullopt};
  }
  if (is_under_way_) return {};
  if (asked_.size() >= kRememberedMax) std::erase_if(asked_, is_old);
  if (asked_.size() >= kRememberedMax) return {};
  asked_.insert_or_assign(refusal, Asked{now, question, std::nullopt});
  is_under_way_ = true;
  return {true, std::nullopt};
}

void GrantInquiries::Leave(const std::string& refusal, std::optional<std::string> answer) {
  PANDO_ASSERT(is_under_way_);
  is_under_way_ = false;
  const auto found = asked_.find(refusal);
  if (found != asked_.end()) found->second.answer = std::move(answer);
}

}  // namespace pando::serve
