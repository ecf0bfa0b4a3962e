#include "pg/conninfo.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <pg_config_manual.h>

#include <algorithm>
#include <memory>

#include "pg/known_settings.h"

namespace pando::pg {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

void Merge(const Options& options, std::map<std::string, std::string>& values) {
  for (const PQconninfoOption* option = options.get(); option && option->keyword; ++option) {
    if (option->val) values[option->keyword] = option->val;
  }
}

void AppendSetting(std::string& out, std::string_view name, std::string_view value) {
  out += out.empty() ? "-c " : " -c ";
  out += name;
  out += '=';
  for (char c : value) {
    if (c == ' ' || c == '\\' || c == '\t' || c == '\n') out += '\\';
    out += c;
  }
}

std::vector<std::string> SplitList(const std::string& list) {
  std::vector<std::string> items;
  size_t begin = 0;
  for (size_t comma = list.find(','); comma != std::string::npos; comma = list.find(',', begin)) {
    items.push_back(list.substr(begin, comma - begin));
    begin = comma + 1;
  }
  items.push_back(list.substr(begin));
  return items;
}

bool IsNumericAddress(const std::string& text) {
  in6_addr address{};
  const std::string bare = text.substr(0, text.find('%'));  // an IPv6 address may name its interface
  return inet_pton(AF_INET, bare.c_str(), &address) == 1 || inet_pton(AF_INET6, bare.c_str(), &address) == 1;
}

}  // namespace

Result<Conninfo> Conninfo::Parse(const std::string& uri) {
  Conninfo conninfo;
  Merge(Options(PQconndefaults()), conninfo.values_);
  const bool bare_name = uri.find('=') == std::string::npos && uri.find("://") == std::string::npos;
  if (bare_name) {
    if (!uri.empty()) conninfo.given_["dbname"] = conninfo.values_["dbname"] = uri;
    return conninfo;
  }
  const Options given(PQconninfoParse(uri.c_str(), nullptr));
  if (!given) {
    return Error(ErrorId::kConfigInvalid, "the connection string of the database cannot be parsed")
        .WithHint("write postgres://user:password@host:port/database, with reserved characters percent-encoded");
  }
  Merge(given, conninfo.given_);
  for (const auto& [keyword, value] : conninfo.given_) conninfo.values_[keyword] = value;
  return conninfo;
}

const std::string& Conninfo::Get(const std::string& keyword) const {
  static const std::string kNothing;
  auto found = values_.find(keyword);
  return found == values_.end() ? kNothing : found->second;
}

Result<std::vector<Host>> HostsOf(const Conninfo& conninfo) {
  const std::vector<std::string> names = SplitList(conninfo.Get("host"));
  const std::vector<std::string> addresses = SplitList(conninfo.Get("hostaddr"));
  const std::vector<std::string> ports = SplitList(conninfo.Get("port"));
  const bool has_names = !conninfo.Get("host").empty();
  const bool has_addresses = !conninfo.Get("hostaddr").empty();
  const size_t count = has_addresses ? addresses.size() : names.size();
  const bool is_paired = !has_names || names.size() == count;
  if (!is_paired || (ports.size() != 1 && ports.size() != count)) {
    return Error(ErrorId::kConfigInvalid, "the connection string of the database lists " +
                                              std::to_string(names.size()) + " hosts, " +
                                              std::to_string(has_addresses ? addresses.size() : 0) + " addresses and " +
                                              std::to_string(ports.size()) + " ports")
        .WithHint("write one port for all hosts, or one for each");
  }
  std::vector<Host> hosts(count);
  for (size_t i = 0; i < count; ++i) {
    if (has_names) hosts[i].name = names[i];
    if (has_addresses) hosts[i].address = addresses[i];
    hosts[i].port = ports[ports.size() == 1 ? 0 : i];
    if (count > 1 && hosts[i].name.empty() && hosts[i].address.empty()) hosts[i].name = DEFAULT_PGSOCKET_DIR;
  }
  return hosts;
}

Result<TargetSession> TargetOf(const Conninfo& conninfo) {
  const std::string& target = conninfo.Get("target_session_attrs");
  if (target.empty() || target == "any") return TargetSession::kAny;
  if (target == "read-write") return TargetSession::kReadWrite;
  return Error(ErrorId::kConfigInvalid, "target_session_attrs=" + target + " is not supported in a connection string")
      .WithHint(
          "write target_session_attrs=read-write to connect to a primary only, or leave it out: then a primary is "
          "preferred, and a standby is used while there is none");
}

bool NeedsLookup(const Host& host) {
  if (host.name.empty() || !host.address.empty()) return false;
  const bool unix_socket = host.name[0] == '/' || host.name[0] == '@';
  return !unix_socket && !IsNumericAddress(host.name);
}

std::string StartupOptions(std::string_view given, const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string options(given);
  for (const auto& [name, value] : parameters) AppendSetting(options, name, value);
  for (const auto& [name, value] : kKnownSettings) AppendSetting(options, name, value);
  return options;
}

}  // namespace pando::pg
