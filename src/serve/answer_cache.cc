#include "serve/answer_cache.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/rules.h"
#include "http/response_writer.h"
#include "serve/http_caching.h"

namespace pando::serve {

using cache::Holds;
using cache::Rule;

namespace {

constexpr std::string_view kPosition = "Pando-Position";
// The fields in which answers of one shape differ, beside the ETag.
constexpr std::string_view kRange = "Content-Range", kLocation = "Content-Location";

// Everything of a request that shapes its answer, but for the claims. Where claims do, a signpost has this key, and the
// answer the key with the claims.
void WriteKey(const http::Request& request, const auth::Principal& principal, std::string& key) {
  key.assign(request.target);
  AppendReadHeaders(request, key);
  key.append(principal.anonymous ? "\na" : "\ns");  // caches in front are told different things
  key.append(principal.role);                       // last, because a role's name may hold any character
}

void AppendClaims(const RequestState& state, std::string& key) {
  const auto& claims = state.shape->cache.claims;
  if (claims) auth::AppendClaims(*state.principal, *claims, key);
}

// Returns nullopt on a replica: its snapshots report open transactions as visible.
std::optional<cache::Snapshot> SnapshotOf(const pg::Rows& rows) {
  return rows.size() == 1 ? cache::Snapshot::Parse(rows.Get(0, 0).value_or("")) : std::nullopt;
}

}  // namespace

std::shared_ptr<const cache::Answer> AnswerCache::Find(const http::Request& request, const auth::Principal& caller) {
  if (!IsAsked(request) || !config_->cacheables || WhyNotNow(request, caller) != Uncacheable::kNo) return nullptr;
  WriteKey(request, caller, key_);
  std::shared_ptr<const cache::Answer> answer = parts_.store->Find(key_);
  if (answer && answer->kind().completed_by) {
    auth::AppendClaims(caller, *answer->kind().completed_by, key_);
    answer = parts_.store->Find(key_);
  }
  return answer;
}

void AnswerCache::Render(const std::shared_ptr<const cache::Answer>& answer, http::Response& response) {
  response.status = answer->kind().status;
  response.ready_header = answer->kind().header;
  response.ready_fields = answer->header();
  response.ready_body = answer->body();
  response.route = answer->kind().route;
  response.ready = answer;
}

std::string_view AnswerCache::ETagOf(const cache::Answer& answer) {
  std::string_view lines = answer.header();
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\r'));
    const size_t name_size = std::min(line.find(':'), line.size());
    if (http::EqualsIgnoreCase(line.substr(0, name_size), kETag))
      return line.substr(name_size + http::Headers::kColon.size());
    lines.remove_prefix(std::min(line.size() + 2, lines.size()));
  }
  return {};
}

// kNo: the stream is young enough to be believed, and shows what the caller wrote.
Uncacheable AnswerCache::WhyNotNow(const http::Request& request, const auth::Principal& caller) const {
  const Clock::time_point fresh_at = parts_.fresh_at();
  const bool fresh = fresh_at != Clock::time_point::min() && request.received_at - fresh_at <= parts_.staleness_max;
  if (!fresh && Holds(Rule::kStaleness)) return Uncacheable::kStale;
  if (!ShowsOwnWrites(request, caller, fresh_at) && Holds(Rule::kOwnWrites)) return Uncacheable::kOwnWrites;
  return Uncacheable::kNo;
}

Uncacheable AnswerCache::WhyNotStored(const RequestState& state) const {
  if (!state.config->cacheables) return state.config->why_nothing;
  if (!state.learned || state.config != config_) return Uncacheable::kFirstSight;
  const Uncacheable why_not = state.shape->cache.why_not;
  if (why_not != Uncacheable::kNo) return why_not;
  if (state.demand().sharing == Sharing::kNever) return Uncacheable::kSettings;
  if (state.is_cautious) return Uncacheable::kSchema;
  if (const Uncacheable why = dependencies::WhyNotValues(state.shape->cache, state.parameters); why != Uncacheable::kNo)
    return why;
  return WhyNotNow(state.http, *state.principal);
}

bool AnswerCache::ShowsOwnWrites(const http::Request& request, const auth::Principal& caller,
                                 Clock::time_point fresh_at) const {
  const OwnWrites& writes = *parts_.own_writes;
  if (!caller.anonymous && writes.LastBy(caller.caller) >= fresh_at) return false;
  const auto position = request.headers.Find(kPosition);
  if (!position) return true;
  const std::optional<Clock::time_point> at = writes.ReadPosition(*position);
  return at && *at < fresh_at;
}

AnswerCache::Turn AnswerCache::Enter(RequestState& state) {
  if (!IsToStore(state)) return Turn::kAsk;
  if (flights_.Find(state.cache_key)) return Turn::kJoin;
  BeginFill(state);
  parts_.counts->misses.Add();
  return Turn::kAsk;
}

// Writes the key of what is to be stored.
bool AnswerCache::IsToStore(RequestState& state) {
  if (!IsAsked(state.http)) return false;
  state.why_not = WhyNotStored(state);
  if (state.why_not != Uncacheable::kNo) {
    parts_.counts->Bypasses(state.why_not).Add();
    return false;
  }
  WriteKey(state.http, *state.principal, state.cache_key);
  AppendClaims(state, state.cache_key);
  if (parts_.store->Admits(state.cache_key)) return true;
  parts_.counts->misses.Add();
  return false;
}

Task<bool> AnswerCache::Join(RequestState& state) {
  bool in_vain = false;
  while (std::shared_ptr<Flight> flight = flights_.Find(state.cache_key)) {
    const Result<void> landed = co_await flight->landed.Wait(state.http.deadline);
    state.found = Find(state.http, *state.principal);
    if (state.found) {
      parts_.counts->joined.Add();
      co_return true;
    }
    in_vain = flight->in_vain || !landed;
    if (in_vain) break;
  }
  // An answer that is made by other options than those in force is of use to no other request.
  if (!in_vain && state.config == config_) BeginFill(state);
  parts_.counts->misses.Add();
  co_return false;
}

// REQUIRES: no other request fills what has the key
void AnswerCache::BeginFill(RequestState& state) {
  state.fill.emplace(flights_.Begin(state.cache_key), parts_.store->Begin(), *parts_.counts);
}

void AnswerCache::Store(RequestState& state, const pg::Rows& rows) {
  if (!state.fill) return;
  const std::shared_ptr<const pg::LaneBracketRows> bracket = std::move(state.bracket);
  const auto why_not = [&]() -> std::optional<Unproven> {
    if (!bracket) return Unproven::kAlone;
    if (state.response.status != 200 && state.response.status != 206) return Unproven::kFailed;
    return std::nullopt;
  }();
  if (why_not) return Abandon(state.fill, *why_not);
  const std::optional<cache::Snapshot> snapshot = SnapshotOf(bracket->before);
  if (!snapshot) return Abandon(state.fill, Unproven::kReplica);
  if (bracket->after.Get(0, 0) != "t") return Abandon(state.fill, Unproven::kSchema);
  if (snapshot->xmin() < state.shape->cache.visible_from && Holds(Rule::kVisibleFrom)) {
    return Abandon(state.fill, Unproven::kPublished);
  }
  AddSurrogateKeys(state, rows);
  Offer(state, *snapshot, rows);
}

void AnswerCache::Offer(RequestState& state, const cache::Snapshot& snapshot, const pg::Rows& rows) {
  const dependencies::AnswerRule& rule = state.shape->cache;
  http::Response& response = state.response;
  http::FieldLines fields = http::WriteFields(response.headers, {kETag, kRange, kLocation, kSurrogateKey});
  cache::AnswerKind kind{response.status, std::move(fields.others) + "Cache-Status: pando; hit\r\n",
                         state.shape->route};
  std::shared_ptr<const cache::AnswerKind>& last = state.learned->answer_kind;
  const bool is_new = !last || *last != kind;
  if (is_new) last = std::make_shared<const cache::AnswerKind>(std::move(kind));
  const cache::Draft draft{last, is_new, fields.apart, response.body};
  const std::vector<cache::Tag> tags = dependencies::TagsOf(rule, state.parameters, rows);
  cache::Store::Fill& fill = state.fill->fill();
  if (rule.claims) {
    auto signpost = std::make_shared<cache::AnswerKind>();
    signpost->completed_by = rule.claims;
    WriteKey(state.http, *state.principal, key_);
    parts_.store->Post(fill, key_, std::move(signpost));
  }
  const cache::Kept kept = parts_.store->Keep(std::move(fill), state.cache_key, snapshot, tags, draft);
  state.stored = kept == cache::Kept::kYes;
  if (!state.stored) response.headers.Remove(kSurrogateKey);
  state.fill->Offered(state.stored);
  state.fill.reset();
}

// For a cache in front, which may keep the answer until it is told to drop it: what the stream will tell of.
void AnswerCache::AddSurrogateKeys(RequestState& state, const pg::Rows& rows) const {
  const SurrogateKeys* keys = parts_.surrogate_keys;
  if (!keys) return;
  const std::string value =
      keys->Of(dependencies::TagsOf(state.shape->cache, state.parameters, rows, SurrogateKeys::kRowsMax));
  if (!value.empty()) state.response.headers.Set(kSurrogateKey, value);
}

void AnswerCache::Leave(RequestState& state, const Result<void>& served) {
  const bool has_left = !served && served.error().id() == ErrorId::kRequestCancelled;
  if (has_left && state.fill) state.fill->LeaveToOthers();
  Abandon(state.fill, Unproven::kFailed);
}

void AnswerCache::NoteWrite(RequestState& state) {
  const std::string& method = state.http.method;
  if (state.is_get || !parts_.store || !state.principal || method == "HEAD" || method == "OPTIONS") return;
  if (state.shape && state.shape->plan.read_only) return;
  const Clock::time_point now = Clock::now();
  if (!state.principal->anonymous) parts_.own_writes->Note(state.principal->caller, now);
  state.response.headers.Add(kPosition, parts_.own_writes->WritePosition(now));
}

void AnswerCache::AddStatus(RequestState& state) const {
  if (!IsAsked(state.http)) return;
  const auto add = [&](std::initializer_list<std::string_view> pieces) {
    state.response.headers.Add("Cache-Status", pieces);
  };
  if (state.stored) return add({"pando; fwd=uri-miss; stored"});
  const bool is_miss = state.why_not == Uncacheable::kNo || state.why_not == Uncacheable::kFirstSight;
  if (is_miss) return add({"pando; fwd=uri-miss"});
  add({"pando; fwd=bypass; detail=\"", Words(state.why_not), "\""});
}

}  // namespace pando::serve
