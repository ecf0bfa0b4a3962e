// A URL over which HTTP is spoken: http://host[:port][/path][?query], or https.
//
// Concurrency  immutable
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace pando {

struct Url {
  bool is_tls = false;
  std::string host;  // a name or an address; of IPv6 without its brackets
  uint16_t port = 80;
  std::string target;  // path and query as written; empty when there is none

  // As the Host field has it: without the port when it is the scheme's own.
  std::string authority() const;
};

//   kConfigInvalid  another scheme, no host, a port that is none, user information, or a character that no URL holds
Result<Url> ParseUrl(const std::string& text);

}  // namespace pando
