#include "config/nearest.h"

#include <algorithm>
#include <vector>

namespace pando::config {
namespace {

// The first of `known` whose part behind the last dot is `name` without its dashes: "--http.listen" for "--listen".
const std::string* WithoutSection(std::string_view name, std::span<const std::string> known) {
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  const auto is_it = [&](const std::string& candidate) {
    const size_t dot = candidate.rfind('.');
    return dot != std::string::npos && std::string_view(candidate).substr(dot + 1) == name;
  };
  const auto found = std::find_if(known.begin(), known.end(), is_it);
  return found == known.end() ? nullptr : &*found;
}

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) {
  // Three rows of the matrix: the row before the last one is needed for swapped neighbours.
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::optional<std::string> Nearest(std::string_view name, std::span<const std::string> known) {
  const std::string* nearest = nullptr;
  size_t distance = std::max<size_t>(name.size() / 3, 2) + 1;
  for (const std::string& candidate : known) {
    const size_t longer = std::max(name.size(), candidate.size());
    const size_t shorter = std::min(name.size(), candidate.size());
    if (longer - shorter >= distance) continue;
    const size_t d = EditDistance(name, candidate);
    if (d < distance) {
      distance = d;
      nearest = &candidate;
    }
  }
  if (nearest == nullptr) nearest = WithoutSection(name, known);
  if (nearest == nullptr) return std::nullopt;
  return *nearest;
}

std::optional<std::string> NearestHint(std::string_view name, std::span<const std::string> known) {
  const std::optional<std::string> nearest = Nearest(name, known);
  if (!nearest) return std::nullopt;
  return "did you mean \"" + *nearest + "\"?";
}

}  // namespace pando::config
