#include "rest/media_type.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/ascii.h"

namespace pando::rest {
namespace {

struct NamedKind {
  std::string_view name;
  MediaType::Kind kind;
};
constexpr std::array<NamedKind, 16> kKinds = {{
    {"*/*", MediaType::Kind::kAny},
    {"application/json", MediaType::Kind::kJson},
    {"application/vnd.pgrst.array", MediaType::Kind::kJson},
    {"application/vnd.pgrst.array+json", MediaType::Kind::kJson},
    {"application/vnd.pgrst.object", MediaType::Kind::kJsonObject},
    {"application/vnd.pgrst.object+json", MediaType::Kind::kJsonObject},
    {"text/csv", MediaType::Kind::kCsv},
    {"application/geo+json", MediaType::Kind::kGeoJson},
    {"text/plain", MediaType::Kind::kText},
    {"text/xml", MediaType::Kind::kXml},
    {"application/octet-stream", MediaType::Kind::kOctetStream},
    {"application/x-www-form-urlencoded", MediaType::Kind::kForm},
    {"application/openapi+json", MediaType::Kind::kOpenApi},
    {"application/vnd.pgrst.plan", MediaType::Kind::kPlan},
    {"application/vnd.pgrst.plan+text", MediaType::Kind::kPlan},
    {"application/vnd.pgrst.plan+json", MediaType::Kind::kPlan},
}};

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool IsTypeAndSubtype(std::string_view text) {
  const size_t slash = text.find('/');
  return slash != std::string_view::npos && IsToken(text.substr(0, slash)) && IsToken(text.substr(slash + 1));
}

// Cuts the text before the first `separator` that stands outside of quotes, and removes both from `rest`.
std::string_view CutPiece(std::string_view& rest, char separator) {
  bool quoted = false;
  size_t end = 0;
  for (; end < rest.size() && (quoted || rest[end] != separator); ++end) {
    if (rest[end] == '"') quoted = !quoted;
    if (rest[end] == '\\' && quoted && end + 1 < rest.size()) ++end;
  }
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return Trimmed(piece);
}

std::string Unquoted(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::string(value);
  std::string plain;
  for (size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i] == '\\' && i + 2 < value.size()) ++i;
    plain += value[i];
  }
  return plain;
}

void ApplyPlanOptions(std::string_view options, MediaType& out) {
  while (!options.empty()) {
    const std::string_view option = CutPiece(options, '|');
    if (option == "analyze") out.plan_analyze = true;
    if (option == "verbose") out.plan_verbose = true;
    if (option == "settings") out.plan_settings = true;
    if (option == "buffers") out.plan_buffers = true;
    if (option == "wal") out.plan_wal = true;
  }
}

void ApplyParameter(const std::string& name, const std::string& value, MediaType& out) {
  if (out.kind == MediaType::Kind::kPlan) {
    if (name == "for") out.plan_for = ToLower(value);
    if (name == "options") ApplyPlanOptions(ToLower(value), out);
    return;
  }
  const bool strips = name == "nulls" && ToLower(value) == "stripped";
  if (!strips || !out.name.starts_with("application/vnd.pgrst.")) return;
  if (out.kind == MediaType::Kind::kJson) out.kind = MediaType::Kind::kJsonArray;
  out.nulls_stripped = true;
}

// RFC 9110 section 12.4.2; what is no number counts as 1.
double ParseQuality(std::string_view text) {
  double quality = 1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), quality, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size() || !(quality >= 0)) return 1;
  return std::min(quality, 1.0);
}

MediaType FromName(std::string_view name) {
  MediaType media;
  media.kind = MediaType::Kind::kOther;
  if (!IsTypeAndSubtype(name)) return media;
  media.name = ToLower(name);
  const auto* row =
      std::find_if(kKinds.begin(), kKinds.end(), [&media](const NamedKind& it) { return it.name == media.name; });
  if (row != kKinds.end()) media.kind = row->kind;
  media.plan_json = media.kind == MediaType::Kind::kPlan && media.name.ends_with("+json");
  return media;
}

struct Ranked {
  MediaType media;
  double quality = 1;
};

Ranked ParseRanked(std::string_view element) {
  Ranked ranked;
  std::string_view rest = element;
  ranked.media = FromName(CutPiece(rest, ';'));
  ranked.media.original = element.substr(0, element.size() - rest.size());
  if (!rest.empty()) ranked.media.original.pop_back();
  ranked.media.original = Trimmed(ranked.media.original);
  while (!rest.empty()) {
    const std::string_view parameter = CutPiece(rest, ';');
    const size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string name = ToLower(Trimmed(parameter.substr(0, equals)));
    const std::string value = Unquoted(Trimmed(parameter.substr(std::min(equals + 1, parameter.size()))));
    if (name == "q") {
      ranked.quality = ParseQuality(value);
      continue;
    }
    ApplyParameter(name, value, ranked.media);
    if (!parameter.empty()) ranked.media.original.append(";").append(parameter);
  }
  // q=0 says "not this one": it stays in the list to be named, and matches nothing.
  if (ranked.quality == 0) {
    ranked.media.kind = MediaType::Kind::kOther;
    ranked.media.name.clear();
  }
  return ranked;
}

}  // namespace

std::vector<MediaType> ParseAccept(std::optional<std::string_view> header) {
  std::vector<Ranked> ranked;
  std::string_view rest = header.value_or(std::string_view());
  while (!rest.empty()) {
    const std::string_view element = CutPiece(rest, ',');
    if (!element.empty()) ranked.push_back(ParseRanked(element));
  }
  std::vector<MediaType> media;
  if (ranked.empty()) {
    media.push_back(FromName("*/*"));
    media.back().original = "*/*";
    return media;
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Ranked& a, const Ranked& b) { return a.quality > b.quality; });
  media.reserve(ranked.size());
  for (Ranked& it : ranked) media.push_back(std::move(it.media));
  return media;
}

MediaType ParseContentType(std::string_view header) {
  const std::string_view name = Trimmed(header.substr(0, header.find(';')));
  MediaType media = FromName(name.empty() ? "application/json" : name);
  media.original = name;
  return media;
}

Error NoMediaType(const std::vector<MediaType>& accept) {
  std::string names;
  for (const MediaType& type : accept) names += (names.empty() ? "" : ", ") + type.original;
  return Error(ErrorId::kNoMediaType, "None of these media types are available: " + names);
}

}  // namespace pando::rest
