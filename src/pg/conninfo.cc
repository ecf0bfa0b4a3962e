#include "pg/conninfo.h"

#include <arpa/inet.h>
#include <libpq-fe.h>

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
  if (bare_name) return conninfo;
  const Options given(PQconninfoParse(uri.c_str(), nullptr));
  if (!given) {
    return Error(ErrorId::kConfigInvalid, "the connection string of the database cannot be parsed")
        .WithHint("write postgres://user:password@host:port/database, with reserved characters percent-encoded");
  }
  Merge(given, conninfo.values_);
  return conninfo;
}

const std::string& Conninfo::Get(const std::string& keyword) const {
  static const std::string kNothing;
  auto found = values_.find(keyword);
  return found == values_.end() ? kNothing : found->second;
}

std::vector<Host> HostsOf(const Conninfo& conninfo) {
  const std::vector<std::string> names = SplitList(conninfo.Get("host"));
  const std::vector<std::string> addresses = SplitList(conninfo.Get("hostaddr"));
  const std::vector<std::string> ports = SplitList(conninfo.Get("port"));
  std::vector<Host> hosts;
  for (size_t i = 0; i < std::max(names.size(), addresses.size()); ++i) {
    Host host;
    if (i < names.size()) host.name = names[i];
    if (i < addresses.size()) host.address = addresses[i];
    host.port = ports.size() == 1 ? ports[0] : i < ports.size() ? ports[i] : "";
    hosts.push_back(std::move(host));
  }
  return hosts;
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
