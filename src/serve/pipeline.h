// The Pipeline answers the REST requests of one event loop, one step a line: authenticate, parse, plan, write, execute
// as the caller's role, check, render.
//
// Concurrency  executor-bound: one Pipeline per event loop; Update() on its loop
// Ownership    what is in Deps and the verifier outlive it; configuration and catalog are shared and swapped whole
// Bounds       in flight: what http and the pool admit
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cache/store.h"
#include "http/message.h"
#include "net/task.h"
#include "net/worker.h"
#include "pg/lane.h"
#include "pg/pool.h"
#include "serve/answer.h"
#include "serve/cache_counts.h"
#include "serve/config.h"
#include "serve/flights.h"
#include "serve/openapi_documents.h"
#include "serve/own_writes.h"
#include "serve/print_memory.h"
#include "serve/row_printer.h"
#include "serve/settings.h"
#include "serve/shape.h"
#include "serve/shape_cache.h"
#include "serve/surrogate_keys.h"
#include "serve/timing.h"

namespace pando::serve {

// Kept answers; all of it null when there is no cache.
struct Cache {
  cache::Store* store = nullptr;
  // Everything committed before has been dropped from it where it had to be; thread-safe.
  std::function<Clock::time_point()> fresh_at;
  milliseconds staleness_max{1000};
  CacheCounts* counts = nullptr;                  // of this loop
  OwnWrites* own_writes = nullptr;                // of all loops
  const SurrogateKeys* surrogate_keys = nullptr;  // null: no cache in front is told what changes
};

class Pipeline {
 public:
  struct Deps {
    pg::Pool& pool;
    pg::Lane& key_lane;    // reads that name their row
    pg::Lane& quick_lane;  // reads that have been quick so far
    pg::Lane& write_lane;  // inserts and updates of one row; with LaneOptions::writes
    net::Worker& worker;   // for what is too long for an event loop
    OpenApiDocuments& documents;
    PrintMemory& print_memory;  // of all loops
    Cache cache;
    std::shared_ptr<MemoryBudget> memory = nullptr;  // of bodies and answers; null: unbounded
  };
  Pipeline(Deps deps, std::shared_ptr<const Config> config) : deps_(std::move(deps)), config_(std::move(config)) {}

  // An http::Handler. Never fails: an Error is rendered as the answer. The coroutine may be cancelled; its statement
  // then is too.
  std::optional<Task<void>> Handle(http::Request& request, http::Response& response);

  // An http::BodyGate: refuses callers who may not send such a body, and bodies that nothing would look at. What is
  // asked of the database is whether the role holds the privilege at all; the statement decides in the end. With
  // rest.pre_request, which may change the role, it is not asked.
  Task<bool> AdmitBody(http::Request& request, http::Response& response);

  void Update(std::shared_ptr<const Config> config) {
    config_ = std::move(config);
    shapes_.Clear();
  }

  // The answer to what the connection refused before it was a request.
  http::Response RenderRefusal(int status, const Error& error, const http::Request* request) const;

 private:
  struct Work;  // one request on its way

  using Caller = std::shared_ptr<const auth::Principal>;

  Task<void> AnswerFresh(http::Request& request, http::Response& response, Result<Caller> caller, Timing timing,
                         bool is_keyed);
  Task<Result<void>> Serve(Work& work);
  Task<Result<void>> MayBring(Work& work);
  Task<Result<void>> CheckPrivilege(const Work& work, const rest::Request& request, const plan::Named& named);
  Task<Result<void>> ServeLong(Work& work);
  Task<Result<void>> HoldParameters(Work& work, size_t body_bytes) const;
  Task<Result<void>> ServeRest(Work& work, rest::Request request);
  Task<Result<void>> ServeRoot(Work& work, rest::Request request);
  Task<Result<void>> ServeOpenApi(Work& work, const rest::Request& request);
  Task<Result<std::vector<catalog::Oid>>> QueryAccessible(Work& work, const rest::Request& request);
  void AnswerError(Work& work, const Error& error);
  Error WithHints(const Work& work, const Error& error);
  void LogMissing(const Work& work, const std::string& missing);
  Result<Caller> Authenticate(const http::Request& request) const;
  bool AsksCache(const http::Request& request) const;
  Uncacheable WhyNotNow(const http::Request& request, const auth::Principal& caller) const;
  Uncacheable WhyNotKept(const Work& work) const;
  bool ShowsOwnWrites(const http::Request& request, const auth::Principal& caller, Clock::time_point fresh_at) const;
  void NoteWrite(Work& work);
  struct Found;
  Found FindKept(const http::Request& request, const auth::Principal& caller);
  void AnswerKept(const http::Request& request, const auth::Principal& caller, Timing& timing,
                  const std::shared_ptr<const cache::Answer>& kept, http::Response& response);
  static void Finish(const http::Request& request, const RestOptions& options, Timing& timing,
                     http::Response& response);
  static void AddCacheStatus(Work& work);
  bool IsToKeep(Work& work);
  void AppendClaims(const Work& work);
  Task<bool> Join(Work& work);
  void BeginFill(Work& work);
  void Lose(Work& work, Unproven why);
  void AddSurrogateKeys(Work& work, const pg::Rows& rows) const;
  void Keep(Work& work, const pg::Rows& rows);
  bool Recall(Work& work);
  bool IsLeftToDatabase(Work& work, const Shape& shape) const;
  void Remember(const Work& work);
  bool Cut(const Work& work);
  Task<Result<void>> ServeShape(Work& work);
  Task<Result<void>> ServePrinted(Work& work);
  Task<Result<void>> ExecuteAlone(Work& work);
  static pg::LaneStatement LaneStatementOf(const Work& work);
  static void LearnPace(Work& work, const pg::LaneAnswer& shared);
  void NotePrinted(const Work& work, const Outcome& outcome) const;
  Result<void> AnswerShared(Work& work, const pg::Rows& rows, Outcome& outcome);
  static bool KnowsSchema(const Work& work);
  pg::Pool& PoolOf(const Work& work) const;
  pg::Lane* LaneOf(const Work& work) const;
  Task<Result<void>> ExecuteOnce(Work& work);
  static SettingsInput SettingsOf(const Work& work);
  static std::optional<pg::SessionState> SessionOf(const Work& work);
  static pg::Command CommandOf(const Work& work);
  static pg::Exchange ExchangeOf(Work& work);
  static Result<void> ReadCurrent(Work& work, Shape& shape);
  static Result<void> CheckCurrent(const Work& work, const pg::Rows& rows);
  Result<void> Read(Work& work, const pg::Rows& rows, Outcome& outcome);
  Task<Result<void>> ReadLong(Work& work, pg::Rows& rows, Outcome& outcome);
  Task<Result<std::vector<pg::Rows>>> RunAlone(const Work& work, pg::Lease& lease, pg::Exchange exchange) const;
  Task<Result<void>> EndHeld(const Work& work, pg::Lease& lease, bool commit) const;
  static Result<void> Written(const Work& work, Result<void> read);
  static Result<void> Told(const Work& work, Result<void> made);
  static Result<void> Answer(Work& work, Outcome& outcome);

  const Deps deps_;
  std::shared_ptr<const Config> config_;  // on the executor, as everything below
  ShapeCache shapes_;
  RowPrinter printer_;
  std::string cache_key_;  // used again, so that a hit allocates nothing for it
  Flights flights_;
  std::set<std::string> told_missing_;  // that the log has; at most kToldMissingMax
  CutRequest cut_;                      // of the request that is being parsed; nothing suspends meanwhile
};

}  // namespace pando::serve
