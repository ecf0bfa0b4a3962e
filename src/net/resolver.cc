#include "net/resolver.h"

#include <utility>

#include "net/name_query.h"

namespace pando::net {

Resolver& Resolver::OfProcess() {
  static Resolver resolver;
  return resolver;
}

std::optional<Resolver::Known> Resolver::Recall(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(name);
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

void Resolver::Remember(const std::string& name, Known known) {
  const std::lock_guard lock(mutex_);
  known_[name] = std::move(known);
}

void Resolver::Forget(const std::string& name) {
  const std::lock_guard lock(mutex_);
  known_.erase(name);
}

Task<Result<Resolver::Addresses>> Resolver::Find(std::string name, Deadline deadline) {
  std::optional<Known> known = Recall(name);
  if (known && Clock::now() < known->unasked_until) co_return std::move(known->addresses);
  const Deadline answer_by = known ? deadline.Min(Deadline::After(options_.patience)) : deadline;
  NameAnswer answer = co_await AskForName(name, options_.servers, answer_by);
  switch (answer.outcome) {
    case NameAnswer::Outcome::kFound:
      Remember(name, Known{answer.addresses, std::nullopt, Clock::time_point::min()});
      co_return std::move(answer.addresses);
    case NameAnswer::Outcome::kCancelled:
      co_return Error(ErrorId::kRequestCancelled, "the look-up of a host name was cancelled");
    case NameAnswer::Outcome::kNone:
      co_return WithoutAnswer(name, std::move(known), true);
    case NameAnswer::Outcome::kDeadline:
      if (!known) co_return Error(ErrorId::kRequestDeadline, "no name server answered in time for \"" + name + "\"");
      [[fallthrough]];
    case NameAnswer::Outcome::kSilent:
      co_return WithoutAnswer(name, std::move(known), false);
  }
  co_return Error(ErrorId::kInternalBug, "the look-up of a host name ended without a result");
}

Result<Resolver::Addresses> Resolver::WithoutAnswer(const std::string& name, std::optional<Known> known, bool is_gone) {
  const Clock::time_point now = Clock::now();
  const std::string quoted = "\"" + name + "\"";
  if (!known) {
    if (is_gone) return Error(ErrorId::kNetwork, "the host name " + quoted + " is not known");
    return Error(ErrorId::kNetwork, "no name server answers for the host name " + quoted);
  }
  if (is_gone && !known->gone_since) known->gone_since = now;
  if (!is_gone) known->unasked_until = now + options_.retry_interval;
  if (known->gone_since && now - *known->gone_since >= options_.kept_when_gone) {
    Forget(name);
    return Error(ErrorId::kNetwork, "the host name " + quoted + " is no longer known");
  }
  Addresses addresses = known->addresses;
  Remember(name, std::move(*known));
  return addresses;
}

}  // namespace pando::net
