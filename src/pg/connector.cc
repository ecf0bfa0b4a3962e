#include "pg/connector.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "pg/conninfo.h"
#include "pg/database_error.h"
#include "pg/known_settings.h"
#include "pg/socket_watch.h"

namespace pando::pg {

namespace asio = boost::asio;

namespace {

using Resolver = asio::ip::basic_resolver<asio::ip::tcp, net::Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, net::Executor>;
using Keywords = std::vector<std::pair<std::string, std::string>>;

Error TooLate() { return Error(ErrorId::kDatabaseUnreachable, "the database did not answer in time"); }
Error GssIsNotSpoken() {
  return Error(ErrorId::kDatabaseUnreachable,
               "encryption by GSSAPI is not spoken here: use sslmode, and no gssencmode");
}
Error Cancelled() { return Error(ErrorId::kRequestCancelled, "cancelled while connecting to the database"); }

// The addresses of one name, as hosts of their own; none when it is unknown.
Task<std::vector<Host>> LookUp(Host host, Deadline deadline) {
  const net::Executor executor = co_await asio::this_coro::executor;
  const auto resolver = std::make_shared<Resolver>(executor);
  Timer timer(executor, deadline.at());
  timer.async_wait([weak = std::weak_ptr(resolver)](boost::system::error_code error) {
    const std::shared_ptr<Resolver> waiting = weak.lock();
    if (!error && waiting) waiting->cancel();
  });
  auto [error, found] = co_await resolver->async_resolve(host.name, "", net::deferred_tuple);
  std::vector<Host> hosts;
  if (error) co_return hosts;
  for (const auto& entry : found) hosts.push_back(Host{host.name, entry.endpoint().address().to_string(), host.port});
  co_return hosts;
}

// Replaces every name by its addresses. libpq would look them up by itself, and stand still meanwhile.
Task<Result<std::vector<Host>>> LookUpAll(std::vector<Host> hosts, Deadline deadline) {
  std::vector<Host> all;
  std::string unknown;
  for (Host& host : hosts) {
    if (!NeedsLookup(host)) {
      all.push_back(std::move(host));
      continue;
    }
    std::vector<Host> found = co_await LookUp(host, deadline);
    if (found.empty()) unknown = host.name;
    for (Host& address : found) all.push_back(std::move(address));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (WasCancelled(state)) co_return Cancelled();
    if (deadline.passed()) co_return TooLate();
  }
  if (all.empty()) {
    co_return Error(ErrorId::kDatabaseUnreachable, "the host name \"" + unknown + "\" of the database is not known");
  }
  co_return all;
}

void AddHosts(const std::vector<Host>& hosts, Keywords& keywords) {
  std::string names, addresses, ports;
  for (const Host& host : hosts) {
    const char* comma = &host == &hosts.front() ? "" : ",";
    names += comma + host.name;
    addresses += comma + host.address;
    ports += comma + host.port;
  }
  keywords.emplace_back("host", names);
  keywords.emplace_back("hostaddr", addresses);
  keywords.emplace_back("port", ports);
}

Task<Result<Keywords>> MakeKeywords(ConnectOptions options, Deadline deadline) {
  PANDO_CO_TRY(Conninfo conninfo, Conninfo::Parse(options.uri));
  Keywords keywords = {{"dbname", options.uri}};
  const std::vector<Host> hosts = HostsOf(conninfo);
  if (std::any_of(hosts.begin(), hosts.end(), NeedsLookup)) {
    PANDO_CO_TRY(std::vector<Host> known, co_await LookUpAll(hosts, deadline));
    AddHosts(known, keywords);
  }
  // A pooler refuses what it cannot keep apart for each of its clients.
  if (options.pooler == Pooler::kNone) {
    keywords.emplace_back("options", StartupOptions(conninfo.Get("options"), options.parameters));
    keywords.emplace_back("client_encoding", std::string(kClientEncoding));
  }
  // It is what libpq tries first where a ticket lies about.
  if (conninfo.Get("gssencmode") != "require") keywords.emplace_back("gssencmode", "disable");
  keywords.emplace_back("fallback_application_name", options.application_name);
  if (options.replication) keywords.emplace_back("replication", "database");
  co_return keywords;
}

PqConnectionHandle Start(const Keywords& keywords) {
  std::vector<const char*> names, values;
  for (const auto& [name, value] : keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  constexpr int kExpandDatabaseName = 1;
  return PqConnectionHandle(PQconnectStartParams(names.data(), values.data(), kExpandDatabaseName));
}

// libpq may close its socket and open another at any step (next host, SSL refused), so it is watched step by step.
Task<Result<void>> FinishConnecting(PGconn* connection, Deadline deadline) {
  const net::Executor executor = co_await asio::this_coro::executor;
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) co_return ConnectError(connection);
    SocketWatch watch(executor);
    if (!watch.Attach(PQsocket(connection))) {
      co_return Error(ErrorId::kDatabaseUnreachable, "the event loop takes no more sockets");
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    if (WasCancelled(state)) co_return Cancelled();
    const Interest interest = next == PGRES_POLLING_READING ? Interest::kRead : Interest::kWrite;
    const Wake wake = co_await watch.Wait(interest, deadline);
    if (wake == Wake::kDeadline) co_return TooLate();
    if (wake == Wake::kCancelled) co_return Cancelled();
    watch.Detach();
    next = PQconnectPoll(connection);
  }
  co_return Result<void>();
}

}  // namespace

Task<Result<Connected>> Connect(ConnectOptions options, Deadline deadline) {
  PANDO_CO_TRY(Keywords keywords, co_await MakeKeywords(std::move(options), deadline));
  Connected connected{Start(keywords), std::nullopt};
  PGconn* connection = connected.handle.get();
  if (!connection) co_return Error(ErrorId::kDatabaseUnreachable, "out of memory while connecting");
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  if (PQstatus(connection) == CONNECTION_BAD) co_return ConnectError(connection);

  const BackendKeyTrace trace(connection);
  PANDO_CO_CHECK(co_await FinishConnecting(connection, deadline));
  connected.cancel_target = trace.Target();
  PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
  if (PQsetnonblocking(connection, 1) != 0) co_return ConnectionLost(connection);
  if (PQgssEncInUse(connection) != 0) co_return GssIsNotSpoken();
  co_return std::move(connected);
}

}  // namespace pando::pg
