// How a Pipeline looks answers up in the cache, and what it takes to keep one.
#include <algorithm>

#include "cache/rules.h"
#include "http/response_writer.h"
#include "serve/cors.h"
#include "serve/http_caching.h"
#include "serve/pipeline_work.h"

namespace pando::serve {

using cache::Holds;
using cache::Rule;

namespace {

constexpr std::string_view kPosition = "Pando-Position";
// What the answers of a shape do not have in common, beside the ETag.
constexpr std::string_view kRange = "Content-Range", kLocation = "Content-Location";

std::string_view ETagIn(std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\r'));
    const size_t name_size = std::min(line.find(':'), line.size());
    if (http::EqualsIgnoreCase(line.substr(0, name_size), kETag))
      return line.substr(name_size + http::Headers::kColon.size());
    lines.remove_prefix(std::min(line.size() + 2, lines.size()));
  }
  return {};
}

// Everything of a request that shapes its answer, but for the claims: where they do, a signpost is there.
void WriteCacheKey(const http::Request& request, const auth::Principal& principal, std::string& key) {
  key.assign(request.target);
  AppendReadHeaders(request, key);
  key.append(principal.anonymous ? "\na" : "\ns");  // what outer caches are told differs
  key.append(principal.role);                       // last, for it may hold anything
}

// Of a replica there is none: its snapshots call open transactions visible.
std::optional<cache::Snapshot> SnapshotOf(const pg::Rows& rows) {
  return rows.size() == 1 ? cache::Snapshot::Parse(rows.Get(0, 0).value_or("")) : std::nullopt;
}

}  // namespace

// Its key is in cache_key_ then.
Pipeline::Found Pipeline::FindKept(const http::Request& request, const auth::Principal& caller) {
  Found found;
  if (!AsksCache(request) || !config_->cacheables || WhyNotNow(request, caller) != Uncacheable::kNo) return found;
  WriteCacheKey(request, caller, cache_key_);
  found.is_keyed = true;
  found.answer = deps_.cache.store->Find(cache_key_);
  if (found.answer && found.answer->kind().completed_by) {
    auth::AppendClaims(caller, *found.answer->kind().completed_by, cache_key_);
    found.is_keyed = false;
    found.answer = deps_.cache.store->Find(cache_key_);
  }
  return found;
}

void Pipeline::AnswerKept(const http::Request& request, const auth::Principal& caller, Timing& timing,
                          const std::shared_ptr<const cache::Answer>& kept, http::Response& response) {
  const RestOptions& options = config_->rest;
  response.status = kept->kind().status;
  response.ready_header = kept->kind().header;
  response.ready_fields = kept->header();
  response.ready_body = kept->body();
  response.route = kept->kind().route;
  response.role = caller.role;
  response.ready = kept;
  Finish(request, options, timing, response);
  if (IsConditional(request)) AnswerConditionally(request, ETagIn(kept->header()), response);
  AddCorsHeaders(request, options, response);
}

bool Pipeline::AsksCache(const http::Request& request) const { return deps_.cache.store && request.method == "GET"; }

// kNo: the stream is young enough to be believed, and shows what the caller wrote.
Uncacheable Pipeline::WhyNotNow(const http::Request& request, const auth::Principal& caller) const {
  const Clock::time_point fresh_at = deps_.cache.fresh_at();
  const bool fresh =
      fresh_at != Clock::time_point::min() && request.received_at - fresh_at <= deps_.cache.staleness_max;
  if (!fresh && Holds(Rule::kStaleness)) return Uncacheable::kStale;
  if (!ShowsOwnWrites(request, caller, fresh_at) && Holds(Rule::kOwnWrites)) return Uncacheable::kOwnWrites;
  return Uncacheable::kNo;
}

Uncacheable Pipeline::WhyNotKept(const Work& work) const {
  if (!work.config->cacheables) return work.config->why_nothing;
  if (!work.learned || work.config != config_) return Uncacheable::kFirstSight;
  const Uncacheable why_not = work.shape->cache.why_not;
  if (why_not != Uncacheable::kNo) return why_not;
  if (work.shape->demand.sharing == Sharing::kNever) return Uncacheable::kSettings;
  if (work.is_cautious) return Uncacheable::kSchema;
  if (const Uncacheable why = WhyNotValues(work.shape->cache, work.parameters); why != Uncacheable::kNo) return why;
  return WhyNotNow(work.http, *work.principal);
}

bool Pipeline::ShowsOwnWrites(const http::Request& request, const auth::Principal& caller,
                              Clock::time_point fresh_at) const {
  const OwnWrites& writes = *deps_.cache.own_writes;
  if (!caller.anonymous && writes.LastBy(caller.caller) >= fresh_at) return false;
  const auto position = request.headers.Find(kPosition);
  if (!position) return true;
  const std::optional<Clock::time_point> at = writes.ReadPosition(*position);
  return at && *at < fresh_at;
}

// Whether it was done or not: who was told nothing may have written.
void Pipeline::NoteWrite(Work& work) {
  const std::string& method = work.http.method;
  if (work.is_get || !deps_.cache.store || !work.principal || method == "HEAD" || method == "OPTIONS") return;
  if (work.shape && work.shape->plan.read_only) return;
  const Clock::time_point now = Clock::now();
  if (!work.principal->anonymous) deps_.cache.own_writes->Note(work.principal->caller, now);
  work.response.headers.Add(kPosition, deps_.cache.own_writes->WritePosition(now));
}

// Of a read that was not found, before its statement is sent: whether its answer is to be kept, under the key in
// cache_key_.
bool Pipeline::IsToKeep(Work& work) {
  const bool is_keyed = std::exchange(work.is_keyed, false);
  if (!AsksCache(work.http)) return false;
  work.why_not = WhyNotKept(work);
  if (work.why_not != Uncacheable::kNo) {
    deps_.cache.counts->Bypasses(work.why_not).Add();
    return false;
  }
  if (!is_keyed) WriteCacheKey(work.http, *work.principal, cache_key_);
  AppendClaims(work);
  if (deps_.cache.store->Admits(cache_key_)) return true;
  deps_.cache.counts->misses.Add();
  return false;
}

// To the key without them.
void Pipeline::AppendClaims(const Work& work) {
  if (work.shape->cache.claims) auth::AppendClaims(*work.principal, *work.shape->cache.claims, cache_key_);
}

// Waits as long as somebody else brings the same answer into the cache. True when it was found there. Else the caller
// brings it, unless that would be in vain.
Task<bool> Pipeline::Join(Work& work) {
  bool in_vain = false;
  while (std::shared_ptr<Flight> flight = flights_.Find(cache_key_)) {
    const Result<void> landed = co_await flight->landed.Wait(work.http.deadline);
    work.found = FindKept(work.http, *work.principal).answer;
    if (work.found) {
      deps_.cache.counts->joined.Add();
      co_return true;
    }
    WriteCacheKey(work.http, *work.principal, cache_key_);
    AppendClaims(work);
    in_vain = flight->in_vain || !landed;
    if (in_vain) break;
  }
  // What is made by other options than are in force is nobody else's.
  if (!in_vain && work.config == config_) BeginFill(work);
  co_return false;
}

// REQUIRES: nobody else fills what has the key in cache_key_
void Pipeline::BeginFill(Work& work) {
  work.lead.emplace(flights_.Begin(cache_key_));
  work.fill.emplace(deps_.cache.store->Begin());
}

// RFC 9211, for an answer that was not in the cache.
void Pipeline::AddCacheStatus(Work& work) {
  const auto add = [&](std::initializer_list<std::string_view> pieces) {
    work.response.headers.Add("Cache-Status", pieces);
  };
  if (work.kept) return add({"pando; fwd=uri-miss; stored"});
  if (work.why_not == Uncacheable::kNo || work.why_not == Uncacheable::kFirstSight) return add({"pando; fwd=uri-miss"});
  add({"pando; fwd=bypass; detail=\"", Words(work.why_not), "\""});
}

// The answer is not kept though it may be.
void Pipeline::Lose(Work& work, Unproven why) {
  if (!work.fill) return;
  work.fill.reset();
  if (work.lead) work.lead->flight().in_vain = true;
  work.lead.reset();
  deps_.cache.counts->Lost(why).Add();
}

// To what a cache in front may keep until it is told to drop it: that is what the stream will tell of.
void Pipeline::AddSurrogateKeys(Work& work, const pg::Rows& rows) const {
  const SurrogateKeys* keys = deps_.cache.surrogate_keys;
  if (!keys) return;
  const std::string value = keys->Of(TagsOf(work.shape->cache, work.parameters, rows, SurrogateKeys::kRowsMax));
  if (!value.empty()) work.response.headers.Set(kSurrogateKey, value);
}

void Pipeline::Keep(Work& work, const pg::Rows& rows) {
  if (!work.fill) return;
  const std::shared_ptr<const pg::LaneBracketRows> bracket = std::move(work.bracket);
  if (!bracket) return Lose(work, Unproven::kAlone);
  if (work.response.status != 200 && work.response.status != 206) return Lose(work, Unproven::kFailed);
  const std::optional<cache::Snapshot> snapshot = SnapshotOf(bracket->before);
  if (!snapshot) return Lose(work, Unproven::kReplica);
  if (bracket->after.Get(0, 0) != "t") return Lose(work, Unproven::kSchema);
  const CacheRule& rule = work.shape->cache;
  if (snapshot->xmin() < rule.visible_from && Holds(Rule::kVisibleFrom)) return Lose(work, Unproven::kPublished);
  AddSurrogateKeys(work, rows);
  http::FieldLines fields = http::WriteFields(work.response.headers, {kETag, kRange, kLocation, kSurrogateKey});
  cache::AnswerKind kind{work.response.status, std::move(fields.others) + "Cache-Status: pando; hit\r\n",
                         work.shape->route};
  std::shared_ptr<const cache::AnswerKind>& last = work.learned->answer_kind;
  const bool is_new = !last || *last != kind;
  if (is_new) last = std::make_shared<const cache::AnswerKind>(std::move(kind));
  const cache::Draft draft{last, is_new, fields.apart, work.response.body};
  const std::vector<cache::Tag> tags = TagsOf(rule, work.parameters, rows);
  WriteCacheKey(work.http, *work.principal, cache_key_);
  if (rule.claims) {
    auto signpost = std::make_shared<cache::AnswerKind>();
    signpost->completed_by = rule.claims;
    deps_.cache.store->Post(*work.fill, cache_key_, std::move(signpost));
    auth::AppendClaims(*work.principal, *rule.claims, cache_key_);
  }
  const cache::Kept kept = deps_.cache.store->Keep(std::move(*work.fill), cache_key_, *snapshot, tags, draft);
  work.kept = kept == cache::Kept::kYes;
  if (!work.kept) work.response.headers.Remove(kSurrogateKey);
  work.fill.reset();
  work.lead->flight().in_vain = !work.kept;
  work.lead.reset();
}

}  // namespace pando::serve
