#include "server/options.h"

#include "config/value.h"

namespace pando::server {

Result<Bytes> CacheBytes(const std::string& url) {
  if (url == "off") return Bytes{};
  constexpr std::string_view kScheme = "memory:";
  if (url.starts_with(kScheme)) {
    const std::optional<Bytes> bytes = config::ParseBytes(config::Text{url.substr(kScheme.size())});
    if (bytes && bytes->count > 0) return *bytes;
  }
  return Error(ErrorId::kConfigInvalid, "cache.url is \"" + url + "\", and neither off nor a size in memory")
      .WithHint("write memory:256MiB");
}

}  // namespace pando::server
