#include "serve/surrogate_keys.h"

#include <string_view>

#include "auth/signature.h"
#include "base/hex.h"

namespace pando::serve {

void SurrogateKeys::SetSecret(std::string secret) {
  secret_.store(std::make_shared<const std::string>(std::move(secret)), std::memory_order_release);
}

std::string SurrogateKeys::KeyOf(cache::Tag tag) const {
  if (tag == cache::kEverything) return "pando";
  const std::string_view bytes(reinterpret_cast<const char*>(&tag), sizeof(tag));
  std::string key;
  const std::shared_ptr<const std::string> secret = secret_.load(std::memory_order_acquire);
  AppendHex(key, auth::SignHmac(auth::Algorithm::kHs256, bytes, *secret).substr(0, sizeof(tag)));
  return key;
}

std::string SurrogateKeys::Join(const std::vector<cache::Tag>& tags, std::string text) const {
  for (const cache::Tag tag : tags) {
    if (!text.empty()) text += ' ';
    text += KeyOf(tag);
  }
  return text;
}

std::string SurrogateKeys::Of(const std::vector<cache::Tag>& tags) const {
  return tags.size() > kKeysMax ? "" : Join(tags, KeyOf(cache::kEverything));
}

std::string SurrogateKeys::Dropped(const std::vector<cache::Tag>& tags) const { return Join(tags, ""); }

}  // namespace pando::serve
