// How a Pipeline tells what became of a write: done, not done, or unknown.
#include <utility>

#include "pg/write_outcome.h"
#include "pgtypes/sqlstate.h"
#include "serve/pipeline_work.h"

namespace pando::serve {

namespace sqlstate = pgtypes::sqlstate;

namespace {

// Any function can raise the code of a write on a standby, and a pooler may have led to one: the server itself says.
Task<Result<bool>> IsStandby(pg::Lease& lease, Deadline deadline) {
  if (!lease->usable()) co_return false;
  pg::Exchange question;
  question.commands.push_back(pg::Command{"SELECT pg_catalog.pg_is_in_recovery()"});
  PANDO_CO_TRY(const std::vector<pg::Rows> rows, co_await lease->Run(std::move(question), deadline));
  co_return rows.front().Text(0, 0) == "t";
}

}  // namespace

Task<Result<std::vector<pg::Rows>>> Pipeline::RunAlone(const Work& work, pg::Lease& lease,
                                                       pg::Exchange exchange) const {
  const Deadline deadline = work.http.deadline;
  const bool writes = exchange.writes;
  Result<std::vector<pg::Rows>> ran = std::vector<pg::Rows>();
  if (exchange.commits_write()) {
    ran = co_await PoolOf(work).Finish(lease, std::move(exchange), deadline);
  } else {
    ran = co_await lease->Run(std::move(exchange), deadline);
  }
  if (ran || !writes) co_return std::move(ran);
  const std::string_view state = ran.error().sqlstate();
  if (state == sqlstate::kQueryCanceled && work.limited_by_request) {
    co_return Error(ErrorId::kRequestDeadline, "nothing was written, for the deadline passed");
  }
  if (state != sqlstate::kReadOnlyTransaction) co_return std::move(ran);
  const Result<bool> is_standby = co_await IsStandby(lease, deadline);
  if (!is_standby || !*is_standby) co_return std::move(ran);
  lease.Discard();
  co_return pg::ServerIsStandby();
}

Task<Result<void>> Pipeline::EndHeld(const Work& work, pg::Lease& lease, bool commit) const {
  const Deadline deadline = work.http.deadline;
  if (commit && work.shape->demand.writes) co_return co_await PoolOf(work).Commit(lease, deadline);
  co_return co_await lease->End(commit, deadline);
}

// Why a long answer could not be made says nothing of the write that it is about.
Result<void> Pipeline::Written(const Work& work, Result<void> read) {
  const Demand& demand = work.shape->demand;
  if (read || !demand.writes || demand.finish != pg::Finish::kCommit) return read;
  return Error(ErrorId::kWriteUnknown, "the write was done, and its answer could not be made")
      .WithDetail(read.error().message());
}

// A write whose answer is made is done, for its transaction has ended. A caller who gets an error in place of the
// answer would conclude that nothing was written.
Result<void> Pipeline::Told(const Work& work, Result<void> made) {
  const Demand& demand = work.shape->demand;
  if (made || !demand.writes || demand.finish == pg::Finish::kRollback) return made;
  const std::string hint = made.error().hint() ? *made.error().hint() + " " : "";
  return made.error().WithHint(hint + "The write was done.");
}

}  // namespace pando::serve
