// What a connection string comes to, with the environment and libpq's defaults where it is silent.
//
// Internal to pg/.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace pando::pg {

class Conninfo {
 public:
  // `uri` is postgres://..., key=value pairs, or the bare name of a database.
  //   kConfigInvalid  it cannot be parsed; the message does not repeat it, for it may hold a password
  static Result<Conninfo> Parse(const std::string& uri);

  // Empty when neither the string nor the environment nor a default says anything.
  const std::string& Get(const std::string& keyword) const;

 private:
  std::map<std::string, std::string> values_;
};

// One server that a connection string names; the lists of host, hostaddr and port go in step.
struct Host {
  std::string name;     // as written: a name, an address, or the folder of a Unix socket; may be empty
  std::string address;  // numeric, when it is given or was found; empty for Unix sockets
  std::string port;
};

std::vector<Host> HostsOf(const Conninfo& conninfo);

// The name must be looked up before anything can be connected to.
bool NeedsLookup(const Host& host);

// The `options` of the start-up packet: what the connection string or PGOPTIONS says, then `parameters`, then the known
// settings, which answers depend on and which therefore come last and win.
std::string StartupOptions(std::string_view given, const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace pando::pg
