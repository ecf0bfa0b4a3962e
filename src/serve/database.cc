#include "serve/database.h"

#include <utility>

#include "pg/write_outcome.h"
#include "pgtypes/sqlstate.h"

namespace pando::serve {
namespace {

namespace sqlstate = pgtypes::sqlstate;

// A function can raise the SQLSTATE of a write on a standby, and a pooler may have led to one: only the server knows.
Task<Result<bool>> IsStandby(pg::Lease& lease, Deadline deadline) {
  if (!lease->usable()) co_return false;
  pg::Exchange question;
  question.commands.push_back(pg::Command{"SELECT pg_catalog.pg_is_in_recovery()"});
  PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await lease->Run(std::move(question), deadline));
  co_return rows.front().Text(0, 0) == "t";
}

class PgSession : public Session {
 public:
  PgSession(pg::Pool& pool, pg::Lease lease) : pool_(pool), lease_(std::move(lease)) {}

  Task<Result<std::vector<pg::Rows>>> Run(pg::Exchange exchange, Deadline deadline) override {
    const bool writes = exchange.writes;
    Result<std::vector<pg::Rows>> ran = std::vector<pg::Rows>();
    if (exchange.commits_write()) {
      ran = co_await pool_.Finish(lease_, std::move(exchange), deadline);
    } else {
      ran = co_await lease_->Run(std::move(exchange), deadline);
    }
    if (ran || !writes || ran.error().sqlstate() != sqlstate::kReadOnlyTransaction) co_return std::move(ran);
    const Result<bool> is_standby = co_await IsStandby(lease_, deadline);
    if (!is_standby || !*is_standby) co_return std::move(ran);
    lease_.Discard();
    co_return pg::ServerIsStandby();
  }

  Task<Result<void>> End(bool commit, bool wrote, Deadline deadline) override {
    if (commit && wrote) return pool_.Commit(lease_, deadline);
    return lease_->End(commit, deadline);
  }

 private:
  pg::Pool& pool_;
  pg::Lease lease_;
};

}  // namespace

pg::Lane::Call PgDatabase::RunShared(Lane lane, pg::LaneStatement&& statement, Deadline deadline) {
  switch (lane) {
    case Lane::kKeys:
      return {target_.keys(), std::move(statement), deadline};
    case Lane::kQuick:
      return {target_.quick(), std::move(statement), deadline};
    case Lane::kWrites:
      break;
  }
  return {target_.writes(), std::move(statement), deadline};
}

Task<Result<std::unique_ptr<Session>>> PgDatabase::Open(pg::SessionState wanted, pg::Purpose purpose, bool by_key,
                                                        Deadline deadline) {
  pg::Pool& pool = by_key ? target_.key_pool() : target_.pool();
  PANDO_CO_TRY(pg::Lease lease, co_await pool.Acquire(deadline, std::move(wanted), purpose));
  co_return std::make_unique<PgSession>(pool, std::move(lease));
}

}  // namespace pando::serve
