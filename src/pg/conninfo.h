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
  // What the string itself says.
  const std::map<std::string, std::string>& given() const { return given_; }

 private:
  std::map<std::string, std::string> values_;
  std::map<std::string, std::string> given_;
};

// One server that a connection string names; the lists of host, hostaddr and port go in step.
struct Host {
  std::string name;     // as written: a name, an address, or the folder of a Unix socket; may be empty
  std::string address;  // numeric, when it is given or was found; empty for Unix sockets
  std::string port;
};

// At least one. libpq's rules (PostgreSQL documentation, 34.1.1.3): one port is that of all hosts; an empty entry of a
// list is the folder of libpq's Unix sockets.
//   kConfigInvalid  the lists have different lengths
Result<std::vector<Host>> HostsOf(const Conninfo& conninfo);

// Which servers are good enough: target_session_attrs.
enum class TargetSession : uint8_t {
  kAny,        // a standby too, where no primary can be had
  kReadWrite,  // no standby, and none with default_transaction_read_only
};

//   kConfigInvalid  it is anything else
Result<TargetSession> TargetOf(const Conninfo& conninfo);

// The name must be looked up before anything can be connected to.
bool NeedsLookup(const Host& host);

// The `options` of the start-up packet: what the connection string or PGOPTIONS says, then `parameters`, then the known
// settings, which answers depend on and which therefore come last and win.
std::string StartupOptions(std::string_view given, const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace pando::pg
