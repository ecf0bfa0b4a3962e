// What answers tell caches in front of this server to file them under (Surrogate-Key, as Fastly and Varnish's xkey have
// it), and what these are told to drop: tags, hashed with a secret, so that nobody learns what an answer depends on.
//
// Concurrency  thread-safe
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "cache/tag.h"

namespace pando::serve {

inline constexpr std::string_view kSurrogateKey = "Surrogate-Key";

class SurrogateKeys {
 public:
  // So many rows are named one by one; an answer of more depends on their table.
  static constexpr size_t kRowsMax = 24;
  // What depends on more tags than that has no keys.
  static constexpr size_t kKeysMax = 64;

  // Servers with the same secret have the same keys, as long as their tags are the same (SeedTags).
  explicit SurrogateKeys(std::string secret) { SetSecret(std::move(secret)); }
  // REQUIRES: no answer has keys yet
  void SetSecret(std::string secret);

  // 16 hexadecimal digits; of cache::kEverything the key that every answer has.
  std::string KeyOf(cache::Tag tag) const;
  // The field's value of what depends on these: their keys and that of everything, with blanks between them. Empty: too
  // many.
  std::string Of(const std::vector<cache::Tag>& tags) const;
  // What is to be dropped.
  std::string Dropped(const std::vector<cache::Tag>& tags) const;

 private:
  std::string Join(const std::vector<cache::Tag>& tags, std::string text) const;

  std::atomic<std::shared_ptr<const std::string>> secret_;
};

}  // namespace pando::serve
