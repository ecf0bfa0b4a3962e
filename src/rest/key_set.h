// The keys of the objects that one body brings, and whether all objects have the same ones.
//
// Concurrency  single-owner
// Bounds       kKeysMax + 1 keys and kKeyBytesMax of each, whatever the body holds
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pando::rest {

class KeySet {
 public:
  // The columns of a relation (PostgreSQL, appendix K); a function has fewer arguments. Of a body that names more, one
  // key more is kept, so that at least one of those that are kept is unknown.
  static constexpr size_t kKeysMax = 1600;
  // PostgreSQL's names are shorter (63 bytes): a key that is longer is kept as the characters that fit.
  static constexpr size_t kKeyBytesMax = 256;

  // A key of the current object, in its order; repetitions count once.
  void Add(std::string_view key);
  // The current object is complete, the next key belongs to another one.
  void EndObject();

  // More keys were named than a relation has columns: no further one is kept, or compared.
  bool is_full() const { return all_.size() > kKeysMax; }
  bool uniform() const { return uniform_; }
  // Of all objects, sorted, each once.
  std::vector<std::string> Sorted() const { return {all_.begin(), all_.end()}; }

 private:
  // Objects of one body mostly name the same keys in the same order, so that is checked first: matched_ counts how many
  // keys of the current object agreed with the first object's. When one does not, the current object has diverged, and
  // its keys are gathered and compared as a set at its end.
  // Of the first object, in its order, repetitions included; at most kKeysMax.
  std::vector<std::string> first_;
  size_t first_size_ = 0;                       // of those, how many are distinct
  std::set<std::string, std::less<>> all_;      // of all objects
  std::set<std::string, std::less<>> current_;  // of the current object, once it has diverged
  size_t matched_ = 0;
  bool reading_first_ = true;
  bool diverged_ = false;
  bool uniform_ = true;
};

}  // namespace pando::rest
