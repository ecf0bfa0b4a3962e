#include "auth/claims.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "auth/bounded_json.h"
#include "auth/json_members.h"
#include "base/json_text.h"

namespace pando::auth {
namespace {

constexpr int64_t kLeewaySeconds = 30;
// Far beyond any date, and far from overflow when the leeway is added.
constexpr double kSecondsMax = 1e15;

Error Invalid(std::string message) { return Error(ErrorId::kInvalidClaims, std::move(message)); }

// Absent and null are the same.
const boost::json::value* Member(const boost::json::object& claims, std::string_view name) {
  const boost::json::value* value = claims.if_contains(boost::json::string_view(name.data(), name.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::optional<int64_t>> ReadTime(const boost::json::object& claims, std::string_view name) {
  const boost::json::value* value = Member(claims, name);
  if (value == nullptr) return std::optional<int64_t>();
  if (!value->is_number()) return Invalid("The JWT '" + std::string(name) + "' claim must be a number");
  const auto seconds = value->to_number<double>();
  return std::optional<int64_t>(static_cast<int64_t>(std::floor(std::clamp(seconds, -kSecondsMax, kSecondsMax))));
}

Result<void> CheckExpires(std::optional<int64_t> expires, int64_t now) {
  if (expires && now - kLeewaySeconds > *expires) return Invalid("JWT expired");
  return {};
}

Result<void> CheckNotBefore(std::optional<int64_t> not_before, int64_t now) {
  if (not_before && now + kLeewaySeconds < *not_before) return Invalid("JWT not yet valid");
  return {};
}

Result<void> CheckIssued(std::optional<int64_t> issued, int64_t now) {
  if (issued && now + kLeewaySeconds < *issued) return Invalid("JWT issued at future");
  return {};
}

// Each claim is read and judged before the next is looked at: the first that is wrong is the one reported.
Result<TimeClaims> ReadTimes(const boost::json::object& claims, int64_t now) {
  TimeClaims times;
  PANDO_TRY(times.expires, ReadTime(claims, "exp"));
  PANDO_CHECK(CheckExpires(times.expires, now));
  PANDO_TRY(times.not_before, ReadTime(claims, "nbf"));
  PANDO_CHECK(CheckNotBefore(times.not_before, now));
  PANDO_TRY(times.issued, ReadTime(claims, "iat"));
  PANDO_CHECK(CheckIssued(times.issued, now));
  return times;
}

Result<void> CheckAudience(const boost::json::object& claims, const std::optional<std::string>& audience) {
  const boost::json::value* value = Member(claims, "aud");
  if (value == nullptr) return {};
  const auto names_us = [&](const boost::json::value& name) {
    return !audience || name.get_string() == boost::json::string_view(*audience);
  };
  if (value->is_string()) {
    if (!names_us(*value)) return Invalid("JWT not in audience");
    return {};
  }
  const boost::json::array* names = value->if_array();
  if (names == nullptr ||
      !std::all_of(names->begin(), names->end(), [](const boost::json::value& name) { return name.is_string(); })) {
    return Invalid("The JWT 'aud' claim must be a string or an array of strings");
  }
  if (!names->empty() && std::none_of(names->begin(), names->end(), names_us)) return Invalid("JWT not in audience");
  return {};
}

bool HasRepeatedName(std::string_view payload) {
  std::vector<JsonMember> members = SplitJsonObject(payload);
  const auto by_name = [](const JsonMember& a, const JsonMember& b) { return a.name < b.name; };
  std::sort(members.begin(), members.end(), by_name);
  return std::adjacent_find(members.begin(), members.end(),
                            [](const JsonMember& a, const JsonMember& b) { return a.name == b.name; }) != members.end();
}

std::optional<std::string> ReadRole(const boost::json::object& claims, const RolePath& path) {
  const boost::json::value* value = path.Find(claims);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return boost::json::serialize(*value);
  return std::string(value->get_string().data(), value->get_string().size());
}

std::string ReadSubject(const boost::json::object& claims) {
  const boost::json::value* subject = Member(claims, "sub");
  if (subject == nullptr || *subject == boost::json::value("")) return "";
  const boost::json::value* issuer = Member(claims, "iss");
  return boost::json::serialize(*subject) + (issuer == nullptr ? "" : " " + boost::json::serialize(*issuer));
}

}  // namespace

Result<void> CheckTimes(const TimeClaims& times, int64_t now) {
  PANDO_CHECK(CheckExpires(times.expires, now));
  PANDO_CHECK(CheckNotBefore(times.not_before, now));
  return CheckIssued(times.issued, now);
}

Result<Claims> CheckClaims(std::string payload, const std::optional<std::string>& audience, const RolePath& role_path,
                           int64_t now) {
  const std::optional<boost::json::object> json = ParseJsonObject(payload);
  if (!json || HasRepeatedName(payload)) return Invalid("Parsing claims failed");
  Claims claims;
  PANDO_TRY(claims.times, ReadTimes(*json, now));
  PANDO_CHECK(CheckAudience(*json, audience));
  claims.subject = ReadSubject(*json);
  claims.role = ReadRole(*json, role_path);
  // PostgreSQL's texts end at a NUL, so that this role would be taken for another.
  if (claims.role && claims.role->find('\0') != std::string::npos) return Invalid("Parsing claims failed");
  claims.payload = std::move(payload);
  return claims;
}

std::string WithRole(std::string_view payload, std::string_view role) {
  std::string json = "{";
  bool has_role = false;
  for (JsonMember& member : SplitJsonObject(payload)) {
    if (member.name == "role") {
      member.value = JsonString(role);
      has_role = true;
    }
    AppendJsonString(json, member.name);
    json.append(":").append(member.value).append(",");
  }
  if (!has_role) json.append("\"role\":").append(JsonString(role)).append(",");
  json.back() = '}';
  return json;
}

}  // namespace pando::auth
