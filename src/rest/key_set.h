// The keys of the objects that one body brings, and whether all objects have the same ones.
//
// Concurrency  single-owner
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
  // A key of the current object, in its order; repetitions count once.
  void Add(std::string_view key);
  // The current object is complete, the next key belongs to another one.
  void EndObject();

  bool uniform() const { return uniform_; }
  // Of all objects, sorted, each once.
  std::vector<std::string> Sorted() const { return {all_.begin(), all_.end()}; }

 private:
  // Objects of one body mostly name the same keys in the same order, so that is checked first: matched_ counts how many
  // keys of the current object agreed with the first object's. When one does not, the current object has diverged, and
  // its keys are gathered and compared as a set at its end.
  std::vector<std::string> first_;              // of the first object, in its order, repetitions included
  size_t first_size_ = 0;                       // of those, how many are distinct
  std::set<std::string, std::less<>> all_;      // of all objects
  std::set<std::string, std::less<>> current_;  // of the current object, once it has diverged
  size_t matched_ = 0;
  bool reading_first_ = true;
  bool diverged_ = false;
  bool uniform_ = true;
};

}  // namespace pando::rest
