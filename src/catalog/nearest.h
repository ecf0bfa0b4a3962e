// The nearest of many names, for hints: candidates are those that share most pairs of letters with the name, and the
// one with the smallest normalised edit distance wins.
//
// Concurrency  immutable after construction
// Bounds       a search touches each name at most once per pair of letters of the wanted name (256 bytes at most) and
//              compares at most 50 candidates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace pando::catalog {

class NameIndex {
 public:
  explicit NameIndex(std::vector<std::string> names);

  // The most similar name, letter case ignored; of equally similar ones the first by code points. nullopt when none
  // reaches `threshold`.
  std::optional<std::string> Nearest(std::string_view wanted, double threshold) const;

 private:
  std::vector<uint32_t> Candidates(std::string_view wanted) const;

  // Constant after construction.
  std::vector<std::string> names_;    // sorted, distinct
  std::vector<std::string> lowered_;  // the same, in lower case
  std::unordered_map<uint16_t, std::vector<uint32_t>> names_by_pair_;
};

// Similarity in [0, 1]: 1 minus the edit distance divided by the longer length, in code points. Costs the product of
// the lengths: for names, not for bodies.
double Similarity(std::string_view a, std::string_view b);

}  // namespace pando::catalog
