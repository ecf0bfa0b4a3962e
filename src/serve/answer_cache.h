// The AnswerCache finds answers that are stored, lets requests for the same answer wait for one of them, and stores
// what may be stored.
//
// Concurrency  executor-bound: one AnswerCache per event loop, over a Store of all loops
// Ownership    what CacheParts names outlives it
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "auth/verifier.h"
#include "base/deadline.h"
#include "cache/store.h"
#include "http/message.h"
#include "net/task.h"
#include "pg/rows.h"
#include "serve/cache_counts.h"
#include "serve/config.h"
#include "serve/flights.h"
#include "serve/own_writes.h"
#include "serve/request_state.h"
#include "serve/surrogate_keys.h"

namespace pando::serve {

// What an AnswerCache stands on; all of it null where there is no cache.
struct CacheParts {
  cache::Store* store = nullptr;
  // The store shows everything that was committed before that moment; thread-safe.
  std::function<Clock::time_point()> fresh_at;
  milliseconds staleness_max{1000};
  CacheCounts* counts = nullptr;                  // of this loop
  OwnWrites* own_writes = nullptr;                // of all loops
  const SurrogateKeys* surrogate_keys = nullptr;  // null: no cache in front is told what changes
};

class AnswerCache {
 public:
  AnswerCache(CacheParts parts, std::shared_ptr<const Config> config)
      : parts_(std::move(parts)), config_(std::move(config)) {}
  void Update(std::shared_ptr<const Config> config) { config_ = std::move(config); }

  // A stored answer to this request, which is counted as a hit; null where there is none, or none may be given to this
  // caller now.
  std::shared_ptr<const cache::Answer> FindFirst(const http::Request& request, const auth::Principal& caller) {
    std::shared_ptr<const cache::Answer> answer = Find(request, caller);
    if (answer) parts_.counts->hits.Add();
    return answer;
  }
  // Fills `response` with a stored answer, but for what depends on the request.
  static void Render(const std::shared_ptr<const cache::Answer>& answer, http::Response& response);
  static std::string_view ETagOf(const cache::Answer& answer);

  // What a request that found no answer does next.
  enum class Turn {
    kAsk,   // asks the database
    kJoin,  // waits for a request that brings the same answer: Join()
  };
  // Decides whether the answer is to be stored, and begins the fill.
  // REQUIRES: state.shape; nothing was sent to the database yet
  Turn Enter(RequestState& state);
  // Waits as long as another request brings the same answer. True: it is in `state.found`. False: the request asks the
  // database, and its answer may be stored.
  Task<bool> Join(RequestState& state);

  // Stores the answer where that may be, and ends the fill.
  // REQUIRES: state.response is made from `rows`
  void Store(RequestState& state, const pg::Rows& rows);

  // Ends a fill that came to nothing. Where the client has left, one of the requests that wait takes over.
  static void Leave(RequestState& state, const Result<void>& served);

  // Notes a request that may have written, successful or not: reads of the same caller go to the database until the
  // stream shows the write. Adds Pando-Position.
  void NoteWrite(RequestState& state);
  // Adds Cache-Status (RFC 9211) to an answer that was not found in the cache.
  void AddStatus(RequestState& state) const;

 private:
  std::shared_ptr<const cache::Answer> Find(const http::Request& request, const auth::Principal& caller);
  bool IsAsked(const http::Request& request) const { return parts_.store && request.method == "GET"; }
  Uncacheable WhyNotNow(const http::Request& request, const auth::Principal& caller) const;
  Uncacheable WhyNotStored(const RequestState& state) const;
  bool ShowsOwnWrites(const http::Request& request, const auth::Principal& caller, Clock::time_point fresh_at) const;
  bool IsToStore(RequestState& state);
  void BeginFill(RequestState& state);
  void AddSurrogateKeys(RequestState& state, const pg::Rows& rows) const;
  void Offer(RequestState& state, const cache::Snapshot& snapshot, const pg::Rows& rows);

  const CacheParts parts_;
  std::shared_ptr<const Config> config_;  // in force; on the executor, as everything below
  Flights flights_;
  std::string key_;  // of Find(), whose memory is used again, so that a hit allocates nothing for it
};

}  // namespace pando::serve
