#include "pg/connect_race.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "net/spawn.h"

namespace pando::pg {

namespace asio = boost::asio;

namespace {

constexpr milliseconds kStagger(250);

std::string Name(const Host& host) {
  std::string name = host.name.empty() ? host.address : host.name;
  if (!host.port.empty()) name += ":" + host.port;
  if (!host.name.empty() && !host.address.empty() && host.address != host.name) name += " (" + host.address + ")";
  return name;
}

std::string KeyOf(const std::vector<Host>& hosts) {
  std::string key;
  for (const Host& host : hosts) key += Name(host) + ",";
  return key;
}

// Which address was the primary last, by list of hosts; thread-safe. The configuration bounds how many lists there are.
class LastPrimaries {
 public:
  static LastPrimaries& OfProcess() {
    static LastPrimaries all;
    return all;
  }

  void Set(const std::string& key, const Host& address) {
    const std::lock_guard lock(mutex_);
    addresses_[key] = Name(address);
  }

  bool Is(const std::string& key, const Host& address) {
    const std::lock_guard lock(mutex_);
    const auto found = addresses_.find(key);
    return found != addresses_.end() && found->second == Name(address);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> addresses_;  // under mutex_
};

}  // namespace

Race::Race(net::Executor executor, RaceOptions options)
    : executor_(executor),
      options_(std::move(options)),
      key_(KeyOf(options_.hosts)),
      looked_up_(options_.hosts.size(), true),
      wake_(executor) {}

Task<Result<Connected>> Race::Run(Deadline deadline) {
  const std::shared_ptr<Race> self = shared_from_this();
  for (size_t i = 0; i < options_.hosts.size(); ++i) looked_up_[i] = !NeedsLookup(options_.hosts[i]);
  for (size_t i = 0; i < options_.hosts.size(); ++i) {
    if (looked_up_[i]) {
      Enter(i, options_.hosts[i]);
    } else {
      Spawn("pg.lookup", LookUp(self, i, deadline));
    }
  }
  for (;;) {
    BeginDue(deadline);
    if (winner_ || IsOver() || deadline.passed()) break;
    const auto state = co_await asio::this_coro::cancellation_state;
    if (WasCancelled(state)) {
      Stop();
      co_return Error(ErrorId::kRequestCancelled, "the connection attempt to the database was cancelled");
    }
    const bool somebody_waits = Next(Clock::time_point::max()) != nullptr;
    wake_.expires_at(somebody_waits ? std::min(deadline.at(), std::max(next_at_, Clock::now())) : deadline.at());
    co_await wake_.async_wait(net::deferred_tuple);
  }
  Stop();
  co_return Outcome();
}

void Race::Enter(size_t host, Host address) {
  Runner runner{host, std::move(address), false, false};
  runner.is_favourite = LastPrimaries::OfProcess().Is(key_, runner.address);
  const auto after = std::find_if(runners_.begin(), runners_.end(), [&](const Runner& r) { return r.host > host; });
  runners_.insert(after, std::move(runner));
}

void Race::Spawn(std::string_view name, Task<void> task) {
  auto entry = tasks_.emplace(tasks_.end());
  net::StartTask(executor_, name, std::move(task), entry->slot(),
                 [self = shared_from_this(), entry] { self->tasks_.erase(entry); });
}

Task<void> Race::LookUp(std::shared_ptr<Race> self, size_t host, Deadline deadline) {
  const Host named = self->options_.hosts[host];
  const auto found = co_await self->options_.resolver->Find(named.name, deadline);
  self->looked_up_[host] = true;
  if (found) {
    for (const asio::ip::address& address : *found)
      self->Enter(host, Host{named.name, address.to_string(), named.port});
  } else {
    self->Fail(Name(named), Error(ErrorId::kDatabaseUnreachable, found.error().message()));
  }
  self->wake_.cancel();
}

Task<void> Race::Try(std::shared_ptr<Race> self, Host address, Deadline deadline) {
  Task<Result<Connected>> attempt = self->options_.attempt(address, deadline);
  Result<Connected> outcome = co_await std::move(attempt);
  --self->running_;
  if (!self->stopped_) self->Note(address, std::move(outcome));
}

void Race::Note(const Host& address, Result<Connected> outcome) {
  wake_.cancel();
  if (!outcome) return Fail(Name(address), outcome.error());
  next_at_ = std::min(next_at_, Clock::now());
  if (options_.is_read_only(*outcome)) {
    ++standbys_;
    if (!standby_ && options_.target == TargetSession::kAny) standby_ = std::move(*outcome);
  } else if (!winner_) {
    LastPrimaries::OfProcess().Set(key_, address);
    winner_ = std::move(*outcome);
  }
}

void Race::Fail(std::string who, Error error) {
  next_at_ = std::min(next_at_, Clock::now());
  failures_.emplace_back(std::move(who), std::move(error));
}

void Race::BeginDue(Deadline deadline) {
  const Clock::time_point now = Clock::now();
  while (!winner_ && now >= next_at_) {
    Runner* next = Next(now);
    if (!next) return;
    next->began = true;
    next_at_ = now + kStagger;
    ++running_;
    Spawn("pg.connect", Try(shared_from_this(), next->address, deadline));
  }
}

Race::Runner* Race::Next(Clock::time_point now) {
  Runner* next = nullptr;
  for (Runner& runner : runners_) {
    if (runner.began) continue;
    if (runner.is_favourite) return &runner;
    if (!next) next = &runner;
  }
  if (!next || now - began_at_ >= kStagger) return next;
  const auto first_unknown = std::find(looked_up_.begin(), looked_up_.end(), false);
  const bool is_out_of_turn = static_cast<size_t>(first_unknown - looked_up_.begin()) < next->host;
  return is_out_of_turn ? nullptr : next;
}

bool Race::IsOver() const {
  const bool all_began = std::all_of(runners_.begin(), runners_.end(), [](const Runner& r) { return r.began; });
  const bool all_known = std::find(looked_up_.begin(), looked_up_.end(), false) == looked_up_.end();
  return running_ == 0 && all_began && all_known;
}

// A connection that comes to stand later is closed by its own attempt.
void Race::Stop() {
  stopped_ = true;
  for (auto& signal : tasks_) signal.emit(asio::cancellation_type::terminal);
}

Result<Connected> Race::Outcome() {
  if (winner_) return std::move(*winner_);
  if (standby_) return std::move(*standby_);
  return Failure();
}

Error Race::Failure() const {
  for (const auto& [who, error] : failures_) {
    if (error.kind() == ErrorKind::kDatabase) return error;
  }
  if (standbys_ == 0 && failures_.size() == 1 && running_ == 0) return failures_.front().second;
  std::string text = standbys_ > 0 ? "no host of the database takes writes, which target_session_attrs=read-write asks "
                                     "for: " +
                                         std::to_string(standbys_) + " of them read only"
                                   : "no host of the database can be reached";
  for (const auto& [who, error] : failures_) text += "; " + who + ": " + error.message();
  if (running_ > 0) text += "; " + std::to_string(running_) + " did not answer in time";
  return Error(ErrorId::kDatabaseUnreachable, std::move(text));
}

}  // namespace pando::pg
