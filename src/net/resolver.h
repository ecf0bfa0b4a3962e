// A Resolver looks up the addresses of host names: in /etc/hosts, then with the search domains at the name servers, as
// hosts(5), resolv.conf(5) and the sources `files` and `dns` of nsswitch.conf(5) have them; A and AAAA, by c-ares. All
// of these files are read again by each lookup.
//
// The last answer of a name is remembered. It is used while no name server answers, and for 60 seconds after the name
// servers have begun to say that the name does not exist or has no address.
//
// Concurrency  thread-safe; each lookup runs on the event loop of its caller
// Ownership    outlives its lookups
// Bounds       one remembered answer for each name: for names that the configuration holds, not for those of callers
#pragma once

#include <boost/asio/ip/address.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "net/task.h"

namespace pando::net {

struct ResolverOptions {
  // "127.0.0.1:5353": instead of those of resolv.conf(5). For tests.
  std::string servers;
  // How long a name that the name servers do not know any more keeps its addresses.
  Clock::duration kept_when_gone = std::chrono::seconds(60);
  // How long a lookup waits for a name server where there is a remembered answer to use instead.
  Clock::duration patience = std::chrono::seconds(1);
  // While no name server answers, one lookup in this time waits for one; the others use what is remembered at once.
  Clock::duration retry_interval = std::chrono::seconds(5);
};

class Resolver {
 public:
  using Addresses = std::vector<boost::asio::ip::address>;

  explicit Resolver(ResolverOptions options = {}) : options_(std::move(options)) {}
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The one whose memory the whole process shares.
  static Resolver& OfProcess();

  // At least one address, in the order in which to try them (RFC 6724).
  //   kNetwork            the name is not known, or no name server answers and none has before
  //   kRequestDeadline, kRequestCancelled
  Task<Result<Addresses>> Find(std::string name, Deadline deadline);

 private:
  struct Known {
    Addresses addresses;
    std::optional<Clock::time_point> gone_since;  // the name servers say that it is gone
    Clock::time_point unasked_until;              // no name server answered
  };

  std::optional<Known> Recall(const std::string& name);
  void Remember(const std::string& name, Known known);
  void Forget(const std::string& name);
  // What a lookup that got no address comes to.
  Result<Addresses> WithoutAnswer(const std::string& name, std::optional<Known> known, bool is_gone);

  const ResolverOptions options_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;  // under mutex_
};

}  // namespace pando::net
