#include "serve/http_caching.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/hex.h"
#include "catalog/observed.h"
#include "http/conditional.h"
#include "rest/request.h"
#include "serve/errors.h"

namespace pando::serve {
namespace {

using plan::Node;

constexpr std::string_view kIfMatch = "if-match";
constexpr std::string_view kIfNoneMatch = "if-none-match";

bool AreAllListed(const Node& node, const std::vector<std::string>& names) {
  return node.relation && catalog::IsNamed(node.relation->name, names) &&
         std::all_of(node.embeds.begin(), node.embeds.end(),
                     [&](const plan::Embed& embed) { return AreAllListed(embed.node, names); });
}

// Nothing in it looks at who asks, beyond the role, or at how.
bool IsSameForAll(const plan::Plan& plan, const RestOptions& options) {
  return plan.footprint.observes == catalog::Observed::kNothing && !plan.footprint.leaves_traces &&
         !options.pre_request;
}

// A token may stand in Authorization or in apikey; Origin decides about the fields of CORS.
std::string VaryField() {
  std::string names = "Authorization, apikey, Origin";
  for (const std::string_view name : rest::kReadHeaders) names.append(", ").append(name);
  return names;
}

http::Headers FieldsOf(std::string_view cache_control) {
  http::Headers fields;
  fields.Add("Vary", VaryField());
  fields.Add("Cache-Control", cache_control);
  return fields;
}

// Of which a caller may have a copy.
bool HasRepresentation(const http::Response& response) { return response.status == 200 || response.status == 206; }

}  // namespace

Error PreconditionFailed() {
  return Error(ErrorId::kPreconditionFailed, "The resource does not meet the condition of If-Match or If-None-Match");
}

Freshness FreshnessOf(const plan::Plan& plan, const RestOptions& options) {
  const bool is_read = plan.action == rest::Action::kRead && !plan.call;
  const bool may_age = is_read && AreAllListed(plan.read, options.max_age_relations);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.max_age).count();
  const std::string age = may_age ? "max-age=" + std::to_string(seconds) : "no-cache";
  const std::string who = IsSameForAll(plan, options) ? "public, " : "private, ";
  return {FieldsOf(who + age), FieldsOf("private, " + age)};
}

ETag::ETag(std::string_view content_type, std::string_view body) {
  const uint64_t seed = XXH3_64bits(content_type.data(), content_type.size());
  const XXH128_hash_t hash = XXH3_128bits_withSeed(body.data(), body.size(), seed);
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  static_assert(2 * sizeof(bytes.digest) + 2 == sizeof(text_));
  WriteHex({reinterpret_cast<const char*>(bytes.digest), sizeof(bytes.digest)}, text_.data() + 1);
  text_.front() = text_.back() = '"';
}

void AddVary(http::Response& response) { response.headers.Add("Vary", VaryField()); }

void AddCachingHeaders(const http::Headers& freshness, bool is_head, http::Response& response) {
  http::Headers& headers = response.headers;
  if (!headers.MayHold(freshness.names())) {
    headers.Append(freshness);
  } else {
    for (const auto& [name, value] : freshness) {
      if (!headers.Find(name)) headers.Add(name, value);
    }
  }
  if (is_head || !HasRepresentation(response) || headers.Find(kETag)) return;
  headers.Add(kETag, ETag(headers.Find("Content-Type").value_or(""), response.body).text());
}

Condition EvaluateConditions(const http::Request& request, std::string_view etag, bool exists) {
  const std::vector<std::string_view> only = request.headers.FindAll(kIfMatch);
  if (!only.empty()) {
    const bool matches = http::NamesAnyTag(only) ? exists : http::NamesTag(only, etag, http::TagComparison::kStrong);
    if (!matches) return Condition::kFails;
  }
  const std::vector<std::string_view> unless = request.headers.FindAll(kIfNoneMatch);
  if (unless.empty()) return Condition::kHolds;
  const bool matches = http::NamesAnyTag(unless) ? exists : http::NamesTag(unless, etag, http::TagComparison::kWeak);
  if (!matches) return Condition::kHolds;
  return request.method == "GET" ? Condition::kNotModified : Condition::kFails;
}

bool IsConditional(const http::Request& request) {
  return request.headers.Find(kIfMatch) || request.headers.Find(kIfNoneMatch);
}

void AnswerConditionally(const http::Request& request, std::string_view etag, http::Response& response) {
  if (etag.empty() || request.method != "GET" || !HasRepresentation(response)) return;
  switch (EvaluateConditions(request, etag, true)) {
    case Condition::kHolds:
      return;
    case Condition::kNotModified:
      response.status = 304;
      response.body.clear();
      response.ready_body = {};
      return;
    case Condition::kFails: {
      http::Response refusal = RenderError(PreconditionFailed(), ErrorContext{});
      refusal.route = std::move(response.route);
      refusal.role = std::move(response.role);
      response = std::move(refusal);
    }
  }
}

}  // namespace pando::serve
