// A Race tries the hosts of a connection string, each by as many attempts as it has addresses, and takes the first
// connection to a primary. See pg/connector.h for the order.
//
// Concurrency  executor-bound; its tasks hold it alive, and end soon after Run() has returned
// Internal to pg/.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/resolver.h"
#include "net/socket.h"
#include "pg/connector.h"
#include "pg/conninfo.h"

namespace pando::pg {

struct RaceOptions {
  std::vector<Host> hosts;
  TargetSession target = TargetSession::kAny;
  net::Resolver* resolver = nullptr;
  std::function<Task<Result<Connected>>(const Host& address, Deadline deadline)> attempt;
  std::function<bool(const Connected& connected)> is_read_only;
};

class Race : public std::enable_shared_from_this<Race> {
 public:
  Race(net::Executor executor, RaceOptions options);
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;

  //   as Connect()
  Task<Result<Connected>> Run(Deadline deadline);

 private:
  struct Runner {
    size_t host = 0;  // its place in the list
    Host address;
    bool began = false;
    bool is_favourite = false;  // it was the primary last
  };

  void Enter(size_t host, Host address);
  void Spawn(std::string_view name, Task<void> task);
  static Task<void> LookUp(std::shared_ptr<Race> self, size_t host, Deadline deadline);
  static Task<void> Try(std::shared_ptr<Race> self, Host address, Deadline deadline);
  void Note(const Host& address, Result<Connected> outcome);
  void Fail(std::string who, Error error);
  void BeginDue(Deadline deadline);
  // The next to begin, or null; one of which a host before it is still looked up comes once the stagger has passed.
  Runner* Next(Clock::time_point now);
  bool IsOver() const;
  void Stop();
  Result<Connected> Outcome();
  Error Failure() const;

  const net::Executor executor_;
  const RaceOptions options_;
  const std::string key_;  // of the list, for which address was the primary last
  const Clock::time_point began_at_ = Clock::now();
  std::vector<Runner> runners_;               // in the order of the list
  std::vector<bool> looked_up_;               // by host
  size_t running_ = 0;                        // attempts
  Clock::time_point next_at_ = Clock::now();  // when the next attempt may begin
  std::optional<Connected> winner_;
  std::optional<Connected> standby_;  // taken where there is no winner
  size_t standbys_ = 0;
  std::vector<std::pair<std::string, Error>> failures_;
  bool stopped_ = false;
  std::list<boost::asio::cancellation_signal> tasks_;
  net::Timer wake_;
};

}  // namespace pando::pg
