#include "bench/usl.h"

#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace pando::bench {
namespace {

constexpr size_t kSamplesMin = 4;
constexpr size_t kTerms = 3;
using Vector = std::array<double, kTerms>;
using Matrix = std::array<Vector, kTerms>;

// N / X is linear in these: 1 / rate_one, contention / rate_one, coherency / rate_one.
Vector TermsOf(double n) { return {1, n - 1, n * (n - 1)}; }

// Gauss with pivots, of the terms that are used; the others stay 0. False when they do not determine each other.
bool Solve(Matrix matrix, Vector right, const std::array<bool, kTerms>& used, Vector& solution) {
  for (size_t i = 0; i < kTerms; ++i) {
    if (used[i]) continue;
    for (size_t j = 0; j < kTerms; ++j) matrix[i][j] = matrix[j][i] = i == j ? 1 : 0;
    right[i] = 0;
  }
  for (size_t column = 0; column < kTerms; ++column) {
    size_t pivot = column;
    for (size_t row = column + 1; row < kTerms; ++row) {
      if (std::abs(matrix[row][column]) > std::abs(matrix[pivot][column])) pivot = row;
    }
    if (std::abs(matrix[pivot][column]) < 1e-12) return false;
    std::swap(matrix[pivot], matrix[column]);
    std::swap(right[pivot], right[column]);
    for (size_t row = 0; row < kTerms; ++row) {
      if (row == column) continue;
      const double factor = matrix[row][column] / matrix[column][column];
      for (size_t i = 0; i < kTerms; ++i) matrix[row][i] -= factor * matrix[column][i];
      right[row] -= factor * right[column];
    }
  }
  for (size_t i = 0; i < kTerms; ++i) solution[i] = right[i] / matrix[i][i];
  return true;
}

double Determination(const UslFit& fit, std::span<const UslSample> samples) {
  double mean = 0, residuals = 0, total = 0;
  for (const UslSample& sample : samples) mean += sample.rate / static_cast<double>(samples.size());
  for (const UslSample& sample : samples) {
    residuals += std::pow(sample.rate - fit.RateAt(sample.in_flight), 2);
    total += std::pow(sample.rate - mean, 2);
  }
  return total > 0 ? 1 - residuals / total : 0;
}

}  // namespace

double UslFit::RateAt(double n) const { return rate_one * n / (1 + contention * (n - 1) + coherency * n * (n - 1)); }

double UslFit::PeakInFlight() const {
  if (coherency <= 0) return std::numeric_limits<double>::infinity();
  return std::sqrt(std::max(1 - contention, 0.0) / coherency);
}

std::optional<UslFit> FitUsl(std::span<const UslSample> samples) {
  Matrix matrix{};
  Vector right{};
  size_t count = 0;
  for (const UslSample& sample : samples) {
    if (!(sample.in_flight > 0 && sample.rate > 0)) continue;
    ++count;
    // Divided by N / X itself, so that each sample counts by its relative error.
    const double y = sample.in_flight / sample.rate;
    Vector terms = TermsOf(sample.in_flight);
    for (double& term : terms) term /= y;
    for (size_t i = 0; i < kTerms; ++i) {
      for (size_t j = 0; j < kTerms; ++j) matrix[i][j] += terms[i] * terms[j];
      right[i] += terms[i];
    }
  }
  if (count < kSamplesMin) return std::nullopt;
  // A negative contention or coherency is noise around none: that term is left out.
  std::array<bool, kTerms> used{true, true, true};
  Vector solution{};
  for (size_t attempt = 0; attempt < kTerms; ++attempt) {
    if (!Solve(matrix, right, used, solution) || solution[0] <= 0) return std::nullopt;
    if (solution[1] >= 0 && solution[2] >= 0) break;
    used[solution[1] < solution[2] ? 1 : 2] = false;
  }
  UslFit fit;
  fit.rate_one = 1 / solution[0];
  fit.contention = solution[1] / solution[0];
  fit.coherency = solution[2] / solution[0];
  fit.determination = Determination(fit, samples);
  return fit;
}

}  // namespace pando::bench
