// A Notification is what NOTIFY sent to a channel.
#pragma once

#include <string>

namespace pando::pg {

struct Notification {
  std::string channel;
  std::string payload;
};

}  // namespace pando::pg
