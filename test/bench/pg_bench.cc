// What one prepared point select costs this process in CPU, through pg/ alone, against a PostgreSQL of its own.
//
//   pg_bench [seconds per round]
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "net/test_loop.h"
#include "pg/connection.h"
#include "pg/pool.h"
#include "support/test_postgres.h"

namespace pando {
namespace {

constexpr int kRows = 100'000;

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

pg::Exchange PointSelect(int id) {
  pg::Exchange exchange;
  exchange.commands.push_back({"select id, filler from item where id = $1", {std::to_string(id)}, true});
  return exchange;
}

Task<Result<uint64_t>> SelectUntil(pg::Pool& pool, Deadline end, unsigned seed) {
  uint64_t done = 0;
  while (!end.passed()) {
    const Deadline deadline = Deadline::After(std::chrono::seconds(10));
    PANDO_CO_TRY(pg::Lease lease, co_await pool.Acquire(deadline));
    pg::Exchange exchange = PointSelect(static_cast<int>(rand_r(&seed)) % kRows + 1);
    PANDO_CO_TRY(std::vector<pg::Rows> rows, co_await lease->Run(std::move(exchange), deadline));
    PANDO_ASSERT(rows.at(0).size() == 1);
    ++done;
  }
  co_return done;
}

Task<void> Count(Task<Result<uint64_t>> task, uint64_t* total, int* callers_done) {
  Result<uint64_t> done = co_await std::move(task);
  PANDO_ASSERT(done.has_value());
  *total += *done;
  ++*callers_done;
}

void Round(const std::string& uri, int callers, std::chrono::milliseconds span) {
  test::TestLoop loop;
  pg::PoolOptions options;
  options.connect.uri = uri;
  options.connections_max = static_cast<uint32_t>(callers);
  pg::Pool pool(loop.executor(), options);
  uint64_t total = 0;
  int callers_done = 0;
  const double cpu_before = CpuSeconds();
  const Deadline end = Deadline::After(span);
  for (int i = 0; i < callers; ++i) {
    boost::asio::co_spawn(loop.context(),
                          Count(SelectUntil(pool, end, static_cast<unsigned>(i)), &total, &callers_done),
                          boost::asio::detached);
  }
  while (callers_done < callers) loop.context().run_one();
  const double cpu = CpuSeconds() - cpu_before;
  const double seconds = std::chrono::duration<double>(span).count();
  std::printf("%d in flight: %.2f us of client CPU per exchange, %.0f exchanges/s\n", callers,
              cpu * 1e6 / static_cast<double>(total), static_cast<double>(total) / seconds);
}

void LargeParameter(const std::string& uri, size_t bytes) {
  test::TestLoop loop;
  pg::ConnectOptions options;
  options.uri = uri;
  auto connection = std::move(*loop.Run(pg::Connection::Open(options, Deadline::Never())));
  pg::Exchange exchange;
  exchange.commands.push_back({"select length($1)", {std::string(bytes, 'x')}, true});
  const double cpu_before = CpuSeconds();
  const auto begin = Clock::now();
  const auto rows = loop.Run(connection->Run(std::move(exchange), Deadline::Never()));
  PANDO_ASSERT(rows.has_value());
  std::printf("a parameter of %zu MiB: %.0f ms, %.0f ms of client CPU\n", bytes >> 20,
              std::chrono::duration<double, std::milli>(Clock::now() - begin).count(),
              (CpuSeconds() - cpu_before) * 1e3);
}

}  // namespace
}  // namespace pando

int main(int argc, char** argv) {
  using namespace pando;
  const std::chrono::milliseconds span(argc > 1 ? std::atoi(argv[1]) * 1000 : 5000);
  test::TestPostgres& server = test::TestPostgres::Instance();
  const std::string database = server.CreateDatabase();
  server.Execute(database,
                 "create table item (id int primary key, filler text);"
                 "insert into item select i, repeat('x', 80) from generate_series(1, 100000) i; analyze item");
  for (int callers : {1, 8}) Round(server.uri(database), callers, span);
  for (size_t mebibytes : {1, 10, 64}) LargeParameter(server.uri(database), mebibytes << 20);
  return 0;
}
