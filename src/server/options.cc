#include "server/options.h"

#include "config/value.h"

namespace pando::server {
namespace {

constexpr Bytes kAutoCacheBytes = MiB(128);

}  // namespace

Result<void> Validate(const DatabaseOptions& options) {
  if (options.pooler == "none" || !options.url.starts_with("embedded:")) return {};
  return Error(ErrorId::kConfigInvalid,
               "database.pooler is \"" + options.pooler + "\", but the embedded database has no pooler")
      .WithHint("leave database.pooler at \"none\"");
}

pg::Pooler PoolerOf(const DatabaseOptions& options) {
  if (options.pooler == "session") return pg::Pooler::kSession;
  return options.pooler == "transaction" ? pg::Pooler::kTransaction : pg::Pooler::kNone;
}

Result<Bytes> CacheBytes(const std::string& url, bool auto_on) {
  if (url == "off" || (url == "auto" && !auto_on)) return Bytes{};
  if (url == "auto") return kAutoCacheBytes;
  constexpr std::string_view kScheme = "memory:";
  if (url.starts_with(kScheme)) {
    const std::optional<Bytes> bytes = config::ParseBytes(config::Text{url.substr(kScheme.size())});
    if (bytes && bytes->count > 0) return *bytes;
  }
  return Error(ErrorId::kConfigInvalid, "cache.url is \"" + url + "\", which is not auto, off or a size in memory")
      .WithHint("write a size such as memory:256MiB");
}

}  // namespace pando::server
