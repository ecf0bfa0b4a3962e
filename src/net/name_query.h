// One question to /etc/hosts and the name servers, by c-ares on the event loop.
//
// Internal to net/.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "net/task.h"

namespace pando::net {

struct NameAnswer {
  enum class Outcome : uint8_t {
    kFound,
    kNone,    // there is no such name, or it has no address
    kSilent,  // no name server answered, or none could
    kDeadline,
    kCancelled,
  };
  Outcome outcome = Outcome::kSilent;
  std::vector<boost::asio::ip::address> addresses;
};

// `servers`: "127.0.0.1:5353", instead of those of resolv.conf(5); may be empty.
Task<NameAnswer> AskForName(std::string name, std::string servers, Deadline deadline);

}  // namespace pando::net
