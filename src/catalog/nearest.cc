#include "catalog/nearest.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace pando::catalog {
namespace {

// PostgreSQL cuts identifiers at 63 bytes: nothing longer than this can be similar to one.
constexpr size_t kWantedBytesMax = 256;
constexpr size_t kCandidatesMax = 50;

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// The distinct pairs of neighbouring bytes, with the ends marked so that first and last letters count as well.
std::vector<uint16_t> PairsOf(std::string_view lowered) {
  const std::string marked = "-" + std::string(lowered) + "-";
  std::vector<uint16_t> pairs;
  pairs.reserve(marked.size());
  for (size_t i = 0; i + 1 < marked.size(); ++i) {
    const auto first = static_cast<unsigned char>(marked[i]);
    const auto second = static_cast<unsigned char>(marked[i + 1]);
    pairs.push_back(static_cast<uint16_t>((first << 8) | second));
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  return pairs;
}

// Broken UTF-8 must only not crash here: each stray byte counts as a code point of its own.
std::u32string CodePoints(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    length = std::min(length, text.size() - i);
    char32_t point = 0;
    for (size_t k = 0; k < length; ++k) point = (point << 8) | static_cast<unsigned char>(text[i + k]);
    points.push_back(point);
    i += length;
  }
  return points;
}

size_t EditDistance(const std::u32string& a, const std::u32string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

double Similarity(std::string_view a, std::string_view b) {
  const std::u32string left = CodePoints(a);
  const std::u32string right = CodePoints(b);
  const size_t longer = std::max(left.size(), right.size());
  if (longer == 0) return 1.0;
  return 1.0 - static_cast<double>(EditDistance(left, right)) / static_cast<double>(longer);
}

NameIndex::NameIndex(std::vector<std::string> names) : names_(std::move(names)) {
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
  lowered_.reserve(names_.size());
  for (uint32_t i = 0; i < names_.size(); ++i) {
    lowered_.push_back(Lower(names_[i]));
    for (const uint16_t pair : PairsOf(lowered_.back())) names_by_pair_[pair].push_back(i);
  }
}

std::vector<uint32_t> NameIndex::Candidates(std::string_view wanted) const {
  std::vector<uint32_t> shared(names_.size(), 0);
  std::vector<uint32_t> found;
  for (const uint16_t pair : PairsOf(wanted)) {
    const auto names = names_by_pair_.find(pair);
    if (names == names_by_pair_.end()) continue;
    for (const uint32_t name : names->second) {
      if (shared[name]++ == 0) found.push_back(name);
    }
  }
  // The cosine of the two sets of pairs, less the factor that is the same for all.
  const auto score = [&](uint32_t name) {
    return static_cast<double>(shared[name]) / std::sqrt(static_cast<double>(lowered_[name].size() + 1));
  };
  const auto better = [&](uint32_t a, uint32_t b) {
    const double score_a = score(a), score_b = score(b);
    return score_a != score_b ? score_a > score_b : a < b;
  };
  const size_t kept = std::min(found.size(), kCandidatesMax);
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept), found.end(), better);
  found.resize(kept);
  return found;
}

std::optional<std::string> NameIndex::Nearest(std::string_view wanted, double threshold) const {
  if (wanted.size() > kWantedBytesMax) return std::nullopt;
  const std::string lowered = Lower(wanted);
  std::optional<uint32_t> best;
  double best_similarity = 0;
  for (const uint32_t name : Candidates(lowered)) {
    const double similarity = Similarity(lowered, lowered_[name]);
    if (similarity < threshold) continue;
    const bool closer = !best || similarity > best_similarity || (similarity == best_similarity && name < *best);
    if (!closer) continue;
    best = name;
    best_similarity = similarity;
  }
  if (!best) return std::nullopt;
  return names_[*best];
}

}  // namespace pando::catalog
