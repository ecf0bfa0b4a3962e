// Tells caches in front of this server what has changed: for each of their URLs a PURGE with the Surrogate-Key of what
// is to be dropped, as Varnish's xkey and its like take it. What could not be told is told again as everything, once
// the other side takes it.
//
// Concurrency  executor-bound
// Bounds       cache::PurgeQueue's for each URL; one request at a time
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/url.h"
#include "cache/tag.h"
#include "net/spawn.h"
#include "net/task.h"
#include "serve/surrogate_keys.h"

namespace pando::server {

// The URLs of caches in front, each http://host[:port][/path].
//   kConfigInvalid
Result<std::vector<Url>> ParsePurgeUrls(const std::vector<std::string>& texts);

struct PurgingStats {
  uint64_t sent = 0;    // requests that were taken
  uint64_t failed = 0;  // that were not
};

class Purging {
 public:
  // `keys` outlives it.
  Purging(net::Executor executor, std::vector<Url> urls, serve::SurrogateKeys& keys);
  ~Purging();

  // Tells everything, first of all.
  void Start();
  // The secret that all servers of the database make tags and keys with; empty where this one may not know it, which is
  // logged once. REQUIRES: as dependencies::SeedTags()
  void TakeSecret(const std::string& secret);
  // cache::kEverything among them stands for all.
  void Drop(const std::vector<cache::Tag>& tags);
  // Tells everything once more, where that can be told within seconds.
  Task<void> Stop();

  PurgingStats stats() const;  // thread-safe

 private:
  class Target;

  serve::SurrogateKeys& keys_;
  bool told_ = false;  // that keys differ
  net::TaskGroup tasks_;
  std::vector<std::unique_ptr<Target>> targets_;
  std::atomic<uint64_t> sent_{0}, failed_{0};
};

}  // namespace pando::server
