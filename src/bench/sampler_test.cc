#include "bench/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace pando::bench {
namespace {

constexpr int kDraws = 400'000;

std::vector<int> Frequencies(const Sampler& sampler, uint64_t seed = 1) {
  Random random(seed);
  std::vector<int> frequencies(sampler.count());
  for (int i = 0; i < kDraws; ++i) ++frequencies.at(sampler.Draw(random));
  return frequencies;
}

// The chi-squared statistic over its degrees of freedom: near 1 when the draws follow the weights.
double Misfit(const std::vector<int>& frequencies, const std::vector<double>& weights) {
  double total = 0, misfit = 0;
  for (const double weight : weights) total += weight;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double expected = weights[i] / total * kDraws;
    misfit += std::pow(frequencies[i] - expected, 2) / expected;
  }
  return misfit / static_cast<double>(weights.size() - 1);
}

TEST(SamplerTest, ZipfFollowsItsLaw) {
  for (const double exponent : {0.5, 0.99, 1.0, 1.5, 3.0}) {
    for (const uint64_t count : {uint64_t{2}, uint64_t{10}, uint64_t{100}}) {
      std::vector<double> weights;
      for (uint64_t k = 1; k <= count; ++k) weights.push_back(std::pow(static_cast<double>(k), -exponent));
      const double misfit = Misfit(Frequencies(Sampler::Zipf(count, exponent)), weights);
      EXPECT_LT(misfit, count == 2 ? 8 : 2) << "exponent " << exponent << ", count " << count;
    }
  }
}

TEST(SamplerTest, ZipfOverManyKeysHasTheHeadItShould) {
  constexpr uint64_t kCount = 1'000'000;
  const Sampler sampler = Sampler::Zipf(kCount, 0.99);
  double total = 0;
  for (uint64_t k = 1; k <= kCount; ++k) total += std::pow(static_cast<double>(k), -0.99);
  Random random(3);
  int first = 0, hundred = 0;
  for (int i = 0; i < kDraws; ++i) {
    const uint64_t rank = sampler.Draw(random);
    first += rank == 0;
    hundred += rank < 100;
  }
  double head = 0;
  for (int k = 1; k <= 100; ++k) head += std::pow(k, -0.99);
  EXPECT_NEAR(first / static_cast<double>(kDraws), 1 / total, 0.002);
  EXPECT_NEAR(hundred / static_cast<double>(kDraws), head / total, 0.005);
}

TEST(SamplerTest, AHotSetGetsItsShareOfTheDraws) {
  const std::vector<int> frequencies = Frequencies(Sampler::HotSet(100, 0.9, 0.1));
  std::vector<double> weights(100, 0.1 / 90);
  for (size_t i = 0; i < 10; ++i) weights[i] = 0.9 / 10;
  EXPECT_LT(Misfit(frequencies, weights), 2);
}

TEST(SamplerTest, UniformReachesEveryRank) {
  EXPECT_LT(Misfit(Frequencies(Sampler::Uniform(50)), std::vector<double>(50, 1)), 2);
}

TEST(SamplerTest, OneRankIsAlwaysDrawn) {
  Random random(1);
  EXPECT_EQ(Sampler::Zipf(1, 0.99).Draw(random), 0u);
  EXPECT_EQ(Sampler::HotSet(1, 0.5, 0.5).Draw(random), 0u);
  EXPECT_EQ(Sampler::Uniform(1).Draw(random), 0u);
}

TEST(SamplerTest, TheSameSeedDrawsTheSame) {
  EXPECT_EQ(Frequencies(Sampler::Zipf(10, 1), 7), Frequencies(Sampler::Zipf(10, 1), 7));
  EXPECT_NE(Frequencies(Sampler::Zipf(10, 1), 7), Frequencies(Sampler::Zipf(10, 1), 8));
}

TEST(ScatterTest, TakesRanksToKeysOneToOne) {
  for (const uint64_t count : std::initializer_list<uint64_t>{1, 2, 3, 4, 10, 97, 1000}) {
    const Scatter scatter(count);
    std::set<uint64_t> keys;
    for (uint64_t rank = 0; rank < count; ++rank) keys.insert(scatter(rank));
    EXPECT_EQ(keys.size(), count);
    EXPECT_LT(*keys.rbegin(), count);
  }
}

TEST(ScatterTest, PopularKeysLieApart) {
  const Scatter scatter(1'000'000);
  EXPECT_GT(std::max(scatter(1), scatter(2)) - std::min(scatter(1), scatter(2)), 1000u);
}

}  // namespace
}  // namespace pando::bench
