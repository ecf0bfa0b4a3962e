// Metrics counts what happens, cheaply, and prints it for Prometheus. Each event loop counts in a Shard of its own, so
// that counting never contends; a scrape sums the shards.
//
//   Shard& shard = metrics.NewShard();                                     once per event loop
//   shard.CounterFor(MetricId::kHttpRequests, {"GET", "films", "200"}).Add();
//   metrics.Collect(MetricId::kDbPoolWaiting, {}, [&pool] { return double(pool.stats().waiting); });
//
// Concurrency  Metrics: thread-safe. Shard, Counter, Histogram: written by one thread, read by any scrape.
// Ownership    Metrics owns its shards; a Counter or Histogram lives as long as they.
// Bounds       each label as its row in the inventory says, kSeriesMax series a metric; beyond, labels are "other".
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/deadline.h"
#include "telemetry/metric_inventory.h"

namespace pando::telemetry {

inline constexpr size_t kSeriesMax = 5000;

// The values of a metric's labels, in the order of its row.
using Labels = std::initializer_list<std::string_view>;

class alignas(64) Counter {
 public:
  // There is one writer, so that no locked instruction is needed.
  void Add(uint64_t n = 1) { count_.store(count_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  uint64_t value() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> count_ = 0;
};

class alignas(64) Histogram {
 public:
  // Upper ends of the buckets, in microseconds: 1, 2.5 and 5 of each decade from 100 µs to 50 s; one more for the rest.
  static constexpr std::array<uint64_t, 18> kBoundsUs = {
      100,     250,     500,     1'000,     2'500,     5'000,     10'000,     25'000,     50'000,
      100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 25'000'000, 50'000'000};

  void Observe(Clock::duration span);

  struct Snapshot {
    std::array<uint64_t, kBoundsUs.size() + 1> buckets{};  // not cumulative
    uint64_t sum_ns = 0;
    void Add(const Snapshot& other);
  };
  Snapshot snapshot() const;

 private:
  std::array<Counter, kBoundsUs.size() + 1> buckets_;
  Counter sum_ns_;
};

class Metrics;

class Shard {
 public:
  explicit Shard(Metrics& metrics) : metrics_(metrics) {}
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // The series with these labels, made when it is new. The reference stays good: keep it where labels never change.
  // REQUIRES: the metric is of that type and has that many labels; called by the shard's own thread.
  Counter& CounterFor(MetricId id, Labels labels);
  Histogram& HistogramFor(MetricId id, Labels labels);

 private:
  friend class Metrics;

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <class T>
  using Series = std::unordered_map<std::string, std::unique_ptr<T>, Hash, std::equal_to<>>;

  template <class T>
  T& Find(std::array<Series<T>, kMetricCount>& families, MetricId id, Labels labels);

  Metrics& metrics_;
  std::string key_;  // reused, so that a hit allocates nothing
  // The owning thread alone inserts, under the mutex; it looks up without, a scrape with.
  mutable std::mutex mutex_;
  std::array<Series<Counter>, kMetricCount> counters_;
  std::array<Series<Histogram>, kMetricCount> histograms_;
};

class Metrics {
 public:
  Metrics() = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // A shard for one thread.
  Shard& NewShard();

  // Asks `read` for a value at each scrape; several of the same labels are summed. `read` is called on the scraping
  // thread, and must be thread-safe and stay callable as long as there are scrapes.
  // REQUIRES: not a histogram.
  void Collect(MetricId id, Labels labels, std::function<double()> read);

  // Everything, in the text format 0.0.4 (Content-Type: kMetricsContentType).
  std::string Scrape() const;

 private:
  friend class Shard;

  struct Collected {
    MetricId id;
    std::string key;
    std::function<double()> read;
  };

  // The key under which a series with these labels is kept: labels past their bound are replaced.
  std::string Admit(MetricId id, Labels labels);
  std::string AdmitLocked(MetricId id, Labels labels);

  std::map<std::string, double> ValuesOf(MetricId id, const std::vector<Collected>& collected) const;
  std::map<std::string, Histogram::Snapshot> HistogramsOf(MetricId id) const;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Shard>> shards_;  // GUARDED_BY(mutex_)
  std::vector<Collected> collected_;            // GUARDED_BY(mutex_)
  std::array<std::vector<std::set<std::string>>, kMetricCount>
      open_labels_;                                         // GUARDED_BY(mutex_): values seen, by label
  std::array<std::set<std::string>, kMetricCount> series_;  // GUARDED_BY(mutex_): keys given out
};

inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace pando::telemetry
