#include "bench/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/assert.h"

namespace pando::bench {
namespace {

// log(1 + x) / x and (exp(x) - 1) / x, with their limits at 0, where the exponent of Zipf's law is 1.
double LogRatio(double x) { return std::abs(x) < 1e-8 ? 1 - x / 2 : std::log1p(x) / x; }
double ExpRatio(double x) { return std::abs(x) < 1e-8 ? 1 + x / 2 : std::expm1(x) / x; }

}  // namespace

Sampler Sampler::Uniform(uint64_t count) {
  PANDO_ASSERT(count > 0);
  return Sampler(Kind::kUniform, count);
}

Sampler Sampler::Zipf(uint64_t count, double exponent) {
  PANDO_ASSERT(count > 0);
  PANDO_ASSERT(exponent > 0);
  Sampler sampler(Kind::kZipf, count);
  sampler.exponent_ = exponent;
  sampler.area_low_ = sampler.Integral(1.5) - 1;
  sampler.area_high_ = sampler.Integral(static_cast<double>(count) + 0.5);
  sampler.shortcut_ = 2 - sampler.IntegralInverse(sampler.Integral(2.5) - sampler.Density(2));
  return sampler;
}

Sampler Sampler::HotSet(uint64_t count, double draws, double keys) {
  PANDO_ASSERT(count > 0);
  Sampler sampler(Kind::kHotSet, count);
  const auto hot = static_cast<uint64_t>(std::llround(keys * static_cast<double>(count)));
  sampler.hot_count_ = std::clamp<uint64_t>(hot, 1, count);
  sampler.hot_draws_ = sampler.hot_count_ == count ? 1 : draws;
  return sampler;
}

uint64_t Sampler::Draw(Random& random) const {
  switch (kind_) {
    case Kind::kUniform:
      return random.Below(count_);
    case Kind::kZipf:
      return DrawZipf(random);
    case Kind::kHotSet:
      break;
  }
  if (random.Unit() < hot_draws_) return random.Below(hot_count_);
  return hot_count_ + random.Below(count_ - hot_count_);
}

// Rejection-inversion: W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
// distributions", ACM TOMACS 6(3), 1996. The area under the continuous density is inverted, and the few points that
// lie under it but above the discrete one are rejected. A table of N cumulated weights would take 8 MB per million.
uint64_t Sampler::DrawZipf(Random& random) const {
  while (true) {
    const double area = area_high_ + random.Unit() * (area_low_ - area_high_);
    const double x = IntegralInverse(area);
    const double k = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(count_));
    if (k - x <= shortcut_ || area >= Integral(k + 0.5) - Density(k)) return static_cast<uint64_t>(k) - 1;
  }
}

// The density x^-exponent, its integral from 1 on, and the inverse of that.
double Sampler::Density(double x) const { return std::exp(-exponent_ * std::log(x)); }

double Sampler::Integral(double x) const {
  const double log_x = std::log(x);
  return ExpRatio((1 - exponent_) * log_x) * log_x;
}

double Sampler::IntegralInverse(double area) const {
  const double t = std::max(area * (1 - exponent_), -1.0);
  return std::exp(LogRatio(t) * area);
}

Scatter::Scatter(uint64_t count) : count_(count), factor_(1) {
  PANDO_ASSERT(count > 0);
  if (count < 3) return;
  // Steps of the golden ratio lay neighbours far apart (Knuth, The Art of Computer Programming 3, 6.4).
  factor_ = static_cast<uint64_t>(static_cast<double>(count) * 0.6180339887498949);
  while (std::gcd(factor_, count_) != 1) ++factor_;
}

}  // namespace pando::bench
