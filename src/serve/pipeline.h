// The Pipeline answers the REST requests of one event loop, one step a line: authenticate, parse, plan, write, execute
// as the caller's role, check, render.
//
// Concurrency  executor-bound: one Pipeline per event loop; Update() on its loop
// Ownership    what is in Deps and the verifier outlive it; configuration and catalog are shared and swapped whole
// Bounds       in flight: what http and the pool admit
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>

#include "auth/verifier.h"
#include "catalog/catalog.h"
#include "http/message.h"
#include "net/task.h"
#include "pg/lane.h"
#include "pg/pool.h"
#include "plan/plan.h"
#include "rest/request.h"
#include "serve/answer.h"
#include "serve/options.h"
#include "sql/statement.h"

namespace pando::serve {

// What a reload may replace, as one immutable value: requests in flight keep theirs.
struct Config {
  RestOptions rest;
  std::shared_ptr<auth::Verifier> verifier;
  std::shared_ptr<const catalog::Catalog> catalog;  // null until the first load

  // Derived from `rest` by MakeConfig().
  rest::ParseOptions parse;
  plan::PlanOptions plan;
  std::string url_prefix;  // without a trailing slash
  bool tx_override_allowed = false;
  bool tx_rollback = false;
};

std::shared_ptr<const Config> MakeConfig(RestOptions rest, std::shared_ptr<auth::Verifier> verifier,
                                         std::shared_ptr<const catalog::Catalog> catalog);

// Runs what is too long for an event loop on a thread that serves no requests, and resumes the caller on its own.
using Worker = std::function<Task<std::string>(std::function<std::string()> work)>;

class Pipeline {
 public:
  struct Deps {
    pg::Pool& pool;
    pg::Lane& lane;  // of the same pool
    Worker worker;
  };
  Pipeline(Deps deps, std::shared_ptr<const Config> config) : deps_(std::move(deps)), config_(std::move(config)) {}

  // Never fails: an Error is rendered as the answer. The coroutine may be cancelled; its statement then is too.
  Task<http::Response> Handle(http::Request request);

  void Update(std::shared_ptr<const Config> config) { config_ = std::move(config); }

  struct Demand;  // of pipeline.cc

 private:
  struct Work;  // one request on its way

  Task<Result<http::Response>> Serve(Work& work);
  Task<Result<http::Response>> ServeStatement(Work& work);
  Task<Result<http::Response>> ServeRoot(Work& work);
  Task<Result<http::Response>> ServeOpenApi(Work& work);
  Task<Result<std::unordered_set<catalog::Oid>>> QueryAccessible(Work& work);
  Task<Result<http::Response>> Execute(Work& work, const plan::Plan& plan, const sql::Statement& statement);
  Task<Result<std::optional<pg::Rows>>> ExecuteInLane(Work& work, const pg::SessionState& session,
                                                      const sql::Statement& statement);
  Task<Result<http::Response>> ExecuteOnce(Work& work, const plan::Plan& plan, const sql::Statement& statement,
                                           const Demand& demand);
  static Result<http::Response> Conclude(Work& work, const plan::Plan& plan, const sql::Statement& statement,
                                         const pg::Rows& rows);
  static Result<http::Response> Answer(Work& work, const plan::Plan& plan, Outcome outcome);

  const Deps deps_;
  std::shared_ptr<const Config> config_;  // on the executor
};

}  // namespace pando::serve
