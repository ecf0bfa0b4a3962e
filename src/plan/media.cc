#include "plan/media.h"

#include <algorithm>

#include "catalog/snapshot.h"
#include "rest/media_type.h"

namespace pando::plan {
namespace {

using rest::MediaType;
using Format = Media::Format;

constexpr const char* kUtf8 = "; charset=utf-8";

std::string PlanContentType(const MediaType& type, const std::string& explained) {
  std::string text = std::string("application/vnd.pgrst.plan+") + (type.plan_json ? "json" : "text");
  text += "; for=\"" + explained + "\"";
  std::string options;
  const auto add = [&](bool on, const char* name) {
    if (on) options += (options.empty() ? "" : "|") + std::string(name);
  };
  add(type.plan_analyze, "analyze");
  add(type.plan_verbose, "verbose");
  add(type.plan_settings, "settings");
  add(type.plan_buffers, "buffers");
  add(type.plan_wal, "wal");
  if (!options.empty()) text += "; options=" + options;
  return text + kUtf8;
}

// What the domain's name says as a Content-Type: those that are text get their charset.
std::string HandlerContentType(const std::string& name) {
  if (name == "*/*") return "application/octet-stream";
  for (const char* known : {"application/json", "application/geo+json", "text/csv", "text/plain", "text/xml"}) {
    if (name == known) return name + kUtf8;
  }
  return name;
}

// PostgreSQL cuts names, those of domains included.
bool IsCutName(const std::string& name, const std::string& produced) {
  return name.size() > catalog::kNameBytesMax && produced.size() == catalog::kNameBytesMax &&
         name.starts_with(produced);
}

// The type, a range of types ("image/*"), or a name that is too long for a domain names what is produced.
bool Names(const MediaType& type, const std::string& produced) {
  if (type.name == produced || IsCutName(type.name, produced)) return true;
  return type.name.ends_with("/*") && type.name != "*/*" && produced != "*/*" &&
         produced.starts_with(type.name.substr(0, type.name.size() - 1));
}

// As the client has it, where the domain's name was cut.
const std::string& FullName(const MediaType& type, const std::string& produced) {
  return IsCutName(type.name, produced) ? type.name : produced;
}

bool IsDefaultSelect(const Node& node) {
  return node.outputs.size() == 1 && node.outputs[0].kind == Output::Kind::kStar;
}

class Chooser {
 public:
  Chooser(const Plan& plan, const PlanOptions& options) : plan_(plan), options_(options) {}

  std::optional<Media> Try(const MediaType& type) const {
    if (type.kind == MediaType::Kind::kPlan) return TryPlan(type);
    if (type.name == "application/*") return TryApplication();
    return TryNamed(type);
  }

 private:
  // JSON is what everything has; else a handler of the kind.
  std::optional<Media> TryApplication() const {
    MediaType type;
    type.kind = MediaType::Kind::kJson;
    type.name = "application/json";
    if (auto media = TryNamed(type)) return media;
    type.kind = MediaType::Kind::kOther;
    type.name = "application/*";
    return TryNamed(type);
  }

  std::optional<Media> TryNamed(const MediaType& type) const {
    if (plan_.call && plan_.call->function->media_type) return TryScalarHandler(type);
    if (auto handled = TryHandler(type)) return handled;
    return TryBuiltIn(type);
  }

  std::optional<Media> TryPlan(const MediaType& type) const {
    if (!options_.plan_enabled) return std::nullopt;
    std::vector<MediaType> inner =
        type.plan_for.empty() ? std::vector<MediaType>{} : rest::ParseAccept(std::string_view(type.plan_for));
    MediaType json;
    json.kind = MediaType::Kind::kJson;
    std::optional<Media> media = Try(inner.empty() ? json : inner.front());
    if (!media || media->explain) return std::nullopt;
    media->explain = true;
    media->explain_options = type;
    // The explained type is named as its answer would be, without the charset.
    media->content_type = PlanContentType(type, media->content_type.substr(0, media->content_type.find(kUtf8)));
    return media;
  }

  std::optional<Media> TryScalarHandler(const MediaType& type) const {
    const std::string& produced = *plan_.call->function->media_type;
    if (type.kind != MediaType::Kind::kAny && produced != "*/*" && !Names(type, produced)) return std::nullopt;
    Media media;
    media.format = Format::kScalarHandler;
    media.content_type = HandlerContentType(FullName(type, produced));
    return media;
  }

  // Handlers serve relations and functions that return rows.
  std::optional<Media> TryHandler(const MediaType& type) const {
    const bool has_rows = !plan_.call || plan_.call->table_like;
    if (!has_rows || type.name.starts_with("application/vnd.pgrst.")) return std::nullopt;
    const catalog::MediaHandler* best = nullptr;
    for (const auto& handler : plan_.catalog->snapshot().media_handlers) {
      const bool for_all = !handler.relation;
      const bool for_this =
          plan_.read.relation && handler.relation == plan_.read.relation->name && IsDefaultSelect(plan_.read);
      if ((!for_all && !for_this) || !handler.audience.Includes(plan_.role)) continue;
      const bool any = type.kind == MediaType::Kind::kAny;
      const bool matches = handler.media_type == "*/*" || Names(type, handler.media_type);
      if (!matches) continue;
      if (handler.media_type == "*/*" && !any && IsBuiltIn(type)) continue;
      if (!best || (for_this && !best->relation) || (best->media_type == "*/*" && handler.media_type != "*/*")) {
        best = &handler;
      }
    }
    if (!best) return std::nullopt;
    Media media;
    media.format = Format::kHandler;
    media.handler = best;
    media.content_type = HandlerContentType(FullName(type, best->media_type));
    return media;
  }

  static bool IsBuiltIn(const MediaType& type) {
    return type.kind == MediaType::Kind::kJson || type.kind == MediaType::Kind::kJsonArray ||
           type.kind == MediaType::Kind::kJsonObject || type.kind == MediaType::Kind::kCsv ||
           type.kind == MediaType::Kind::kGeoJson;
  }

  std::optional<Media> TryBuiltIn(const MediaType& type) const {
    Media media;
    media.nulls_stripped = type.nulls_stripped;
    switch (type.kind) {
      case MediaType::Kind::kAny:
      case MediaType::Kind::kJson:
        media.content_type = std::string("application/json") + kUtf8;
        return media;
      case MediaType::Kind::kJsonArray:
        media.content_type = type.nulls_stripped
                                 ? std::string("application/vnd.pgrst.array+json;nulls=stripped") + kUtf8
                                 : std::string("application/json") + kUtf8;
        return media;
      case MediaType::Kind::kJsonObject:
        media.format = Format::kObject;
        media.content_type =
            std::string("application/vnd.pgrst.object+json") + (type.nulls_stripped ? ";nulls=stripped" : "") + kUtf8;
        return media;
      case MediaType::Kind::kCsv:
        media.format = Format::kCsv;
        media.content_type = std::string("text/csv") + kUtf8;
        return media;
      case MediaType::Kind::kGeoJson:
        if (!plan_.catalog->snapshot().has_postgis) return std::nullopt;
        media.format = Format::kGeoJson;
        media.content_type = std::string("application/geo+json") + kUtf8;
        return media;
      default:
        if (type.name != "text/*") return std::nullopt;
        media.format = Format::kCsv;
        media.content_type = std::string("text/csv") + kUtf8;
        return media;
    }
  }

  const Plan& plan_;
  const PlanOptions& options_;
};

}  // namespace

Result<Media> ChooseMedia(const rest::Request& request, const Plan& plan, const PlanOptions& options) {
  const Chooser chooser(plan, options);
  for (const MediaType& type : request.accept) {
    if (auto media = chooser.Try(type)) return *media;
  }
  return rest::NoMediaType(request.accept);
}

}  // namespace pando::plan
