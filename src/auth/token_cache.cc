#include "auth/token_cache.h"

#include <functional>

namespace pando::auth {

TokenCache::TokenCache(uint32_t entries_max) : shard_entries_max_((entries_max + kShards - 1) / kShards) {}

TokenCache::Shard& TokenCache::ShardOf(std::string_view token) {
  // The index below takes the hash modulo its size; the upper bits choose the shard, so that the two stay independent.
  constexpr int kUpperBits = 60;
  static_assert(kShards == size_t{1} << (64 - kUpperBits));
  return shards_[std::hash<std::string_view>{}(token) >> kUpperBits];
}

std::optional<TokenCache::Entry> TokenCache::Find(std::string_view token) {
  if (shard_entries_max_ == 0) return std::nullopt;
  Shard& shard = ShardOf(token);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.index.find(token);
  if (found == shard.index.end()) return std::nullopt;
  shard.nodes.splice(shard.nodes.begin(), shard.nodes, found->second);
  return found->second->entry;
}

void TokenCache::Insert(std::string_view token, Entry entry) {
  if (shard_entries_max_ == 0) return;
  Shard& shard = ShardOf(token);
  const std::lock_guard lock(shard.mutex);
  if (shard.index.contains(token)) return;  // two requests verified it at the same time
  if (shard.nodes.size() == shard_entries_max_) {
    shard.index.erase(shard.nodes.back().token);
    shard.nodes.pop_back();
  }
  shard.nodes.push_front({std::string(token), std::move(entry)});
  shard.index.emplace(shard.nodes.front().token, shard.nodes.begin());
}

void TokenCache::Erase(std::string_view token) {
  if (shard_entries_max_ == 0) return;
  Shard& shard = ShardOf(token);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.index.find(token);
  if (found == shard.index.end()) return;
  const auto node = found->second;
  shard.index.erase(found);
  shard.nodes.erase(node);
}

size_t TokenCache::size() const {
  size_t total = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.nodes.size();
  }
  return total;
}

}  // namespace pando::auth
