#include "pg/connector.h"

#include <algorithm>
#include <memory>
#include <string>

#include "net/resolver.h"
#include "pg/connect_attempt.h"
#include "pg/connect_race.h"
#include "pg/known_settings.h"

namespace pando::pg {
namespace {

// All but the host.
Keywords MakeKeywords(const Conninfo& conninfo, const ConnectOptions& options) {
  Keywords keywords = conninfo.given();
  // Judged here, for libpq would leave each host that does not please it.
  keywords["target_session_attrs"] = "any";
  // A pooler refuses what it cannot keep apart for each of its clients.
  if (options.pooler == Pooler::kNone) {
    keywords["options"] = StartupOptions(conninfo.Get("options"), options.parameters);
    keywords["client_encoding"] = std::string(kClientEncoding);
  }
  // It is what libpq tries first where a ticket lies about.
  if (conninfo.Get("gssencmode") != "require") keywords["gssencmode"] = "disable";
  keywords["fallback_application_name"] = options.application_name;
  if (options.replication) keywords["replication"] = "database";
  return keywords;
}

Error TakesNoWrites() {
  return Error(ErrorId::kDatabaseUnreachable,
               "the server takes no writes, which target_session_attrs=read-write asks for");
}

}  // namespace

Result<void> CheckUri(const std::string& uri) {
  PANDO_TRY(const Conninfo conninfo, Conninfo::Parse(uri));
  PANDO_CHECK(HostsOf(conninfo));
  PANDO_CHECK(TargetOf(conninfo));
  return {};
}

Task<Result<Connected>> Connect(ConnectOptions options, Deadline deadline) {
  PANDO_CO_TRY(const Conninfo conninfo, Conninfo::Parse(options.uri));
  PANDO_CO_TRY(const TargetSession target, TargetOf(conninfo));
  PANDO_CO_TRY(std::vector<Host> hosts, HostsOf(conninfo));
  Keywords keywords = MakeKeywords(conninfo, options);
  if (hosts.size() == 1 && !NeedsLookup(hosts.front())) {
    Keywords all = ForHost(std::move(keywords), hosts.front());
    PANDO_CO_TRY(Connected connected, co_await Attempt(std::move(all), deadline));
    if (target == TargetSession::kReadWrite && IsReadOnly(connected, target)) co_return TakesNoWrites();
    co_return std::move(connected);
  }
  RaceOptions race;
  race.hosts = std::move(hosts);
  race.target = target;
  race.resolver = options.resolver ? options.resolver : &net::Resolver::OfProcess();
  race.attempt = [keywords = std::move(keywords)](const Host& address, Deadline by) {
    return Attempt(ForHost(keywords, address), by);
  };
  race.is_read_only = [target](const Connected& connected) { return IsReadOnly(connected, target); };
  const net::Executor executor = co_await boost::asio::this_coro::executor;
  const auto run = std::make_shared<Race>(executor, std::move(race));
  co_return co_await run->Run(deadline);
}

}  // namespace pando::pg
