// A TokenCache remembers tokens that were verified, so that a signature is checked once.
//
// Concurrency  thread-safe: 16 shards, each behind its own lock that is held for a lookup only
// Bounds       the given number of entries (rounded up to a multiple of 16), each at most the size of a token, twice;
//              the entry used longest ago makes room
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "auth/claims.h"
#include "auth/verifier.h"

namespace pando::auth {

class TokenCache {
 public:
  struct Entry {
    TimeClaims times;
    std::shared_ptr<const Principal> principal;
  };

  // 0 remembers nothing.
  explicit TokenCache(uint32_t entries_max);

  // The entry of exactly these bytes. Its times are the caller's to check.
  std::optional<Entry> Find(std::string_view token);
  void Insert(std::string_view token, Entry entry);
  void Erase(std::string_view token);

  size_t size() const;

 private:
  struct Node {
    std::string token;
    Entry entry;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::list<Node> nodes;                                                  // under mutex; the latest used first
    std::unordered_map<std::string_view, std::list<Node>::iterator> index;  // under mutex; keys are the nodes' tokens
  };
  static constexpr size_t kShards = 16;

  Shard& ShardOf(std::string_view token);

  const size_t shard_entries_max_;
  std::array<Shard, kShards> shards_;
};

}  // namespace pando::auth
