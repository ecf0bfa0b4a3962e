#include "telemetry/metrics.h"

#include <algorithm>
#include <iterator>

#include "base/assert.h"
#include "telemetry/exposition.h"

namespace pando::telemetry {
namespace {

constexpr std::string_view kOther = "other";
// PostgreSQL's names are shorter; what comes from elsewhere is cut.
constexpr size_t kLabelBytesMax = 128;

size_t IndexOf(MetricId id) { return static_cast<size_t>(id); }

std::string AllOther(size_t count) {
  std::string key;
  for (size_t i = 0; i < count; ++i) AppendLabel(key, kOther);
  return key;
}

}  // namespace

void Histogram::Observe(Clock::duration span) {
  const auto ns =
      static_cast<uint64_t>(std::max<int64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(span).count(), 0));
  // Prometheus' buckets include their upper end: a span of 250,001 ns is past 250 µs.
  const uint64_t us = (ns + 999) / 1000;
  const auto bound = std::lower_bound(kBoundsUs.begin(), kBoundsUs.end(), us);
  buckets_[static_cast<size_t>(bound - kBoundsUs.begin())].Add();
  sum_ns_.Add(ns);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot snapshot;
  for (size_t i = 0; i < buckets_.size(); ++i) snapshot.buckets[i] = buckets_[i].value();
  snapshot.sum_ns = sum_ns_.value();
  return snapshot;
}

void Histogram::Snapshot::Add(const Snapshot& other) {
  for (size_t i = 0; i < buckets.size(); ++i) buckets[i] += other.buckets[i];
  sum_ns += other.sum_ns;
}

template <class T>
T& Shard::Find(std::array<Series<T>, kMetricCount>& families, MetricId id, Labels labels) {
  Series<T>& series = families[IndexOf(id)];
  key_.clear();
  for (const std::string_view label : labels) AppendLabel(key_, label);
  if (const auto hit = series.find(std::string_view(key_)); hit != series.end()) return *hit->second;
  // The first time, or a label that is out of bounds and stands under another key.
  const std::string key = metrics_.Admit(id, labels);
  const std::lock_guard lock(mutex_);
  std::unique_ptr<T>& slot = series[key];
  if (slot == nullptr) slot = std::make_unique<T>();
  return *slot;
}

Counter& Shard::CounterFor(MetricId id, Labels labels) {
  PANDO_ASSERT(RowOf(id).type == MetricType::kCounter);
  return Find(counters_, id, labels);
}

Histogram& Shard::HistogramFor(MetricId id, Labels labels) {
  PANDO_ASSERT(RowOf(id).type == MetricType::kHistogram);
  return Find(histograms_, id, labels);
}

Shard& Metrics::NewShard() {
  const std::lock_guard lock(mutex_);
  return *shards_.emplace_back(std::make_unique<Shard>(*this));
}

void Metrics::Collect(MetricId id, Labels labels, std::function<double()> read) {
  PANDO_ASSERT(RowOf(id).type != MetricType::kHistogram);
  const std::lock_guard lock(mutex_);
  collected_.push_back({id, AdmitLocked(id, labels), std::move(read)});
}

std::string Metrics::Admit(MetricId id, Labels labels) {
  const std::lock_guard lock(mutex_);
  return AdmitLocked(id, labels);
}

std::string Metrics::AdmitLocked(MetricId id, Labels labels) {
  const MetricRow& row = RowOf(id);
  PANDO_ASSERT(labels.size() == row.labels.size());
  std::vector<std::set<std::string>>& open = open_labels_[IndexOf(id)];
  open.resize(row.labels.size());
  std::string key;
  for (size_t i = 0; i < labels.size(); ++i) {
    const LabelRow& label = row.labels[i];
    const std::string value(std::data(labels)[i].substr(0, kLabelBytesMax));
    bool is_admitted = false;
    if (!label.values.empty()) {
      is_admitted = std::any_of(label.values.begin(), label.values.end(),
                                [&](const LabelValue& listed) { return listed.name == value; });
    } else {
      if (open[i].size() < label.values_max) open[i].insert(value);
      is_admitted = open[i].contains(value);
    }
    AppendLabel(key, is_admitted ? std::string_view(value) : kOther);
  }
  std::set<std::string>& series = series_[IndexOf(id)];
  if (!series.contains(key) && series.size() >= kSeriesMax) key = AllOther(labels.size());
  series.insert(key);
  return key;
}

std::map<std::string, double> Metrics::ValuesOf(MetricId id, const std::vector<Collected>& collected) const {
  std::map<std::string, double> values;
  for (const Collected& one : collected) {
    if (one.id == id) values[one.key] += one.read();
  }
  const std::lock_guard lock(mutex_);
  for (const auto& shard : shards_) {
    const std::lock_guard shard_lock(shard->mutex_);
    for (const auto& [key, counter] : shard->counters_[IndexOf(id)])
      values[key] += static_cast<double>(counter->value());
  }
  return values;
}

std::map<std::string, Histogram::Snapshot> Metrics::HistogramsOf(MetricId id) const {
  std::map<std::string, Histogram::Snapshot> histograms;
  const std::lock_guard lock(mutex_);
  for (const auto& shard : shards_) {
    const std::lock_guard shard_lock(shard->mutex_);
    for (const auto& [key, histogram] : shard->histograms_[IndexOf(id)]) histograms[key].Add(histogram->snapshot());
  }
  return histograms;
}

std::string Metrics::Scrape() const {
  std::vector<Collected> collected;
  {
    // The readers run without the mutex: they may take locks of their own.
    const std::lock_guard lock(mutex_);
    collected = collected_;
  }
  std::string text;
  for (const MetricRow& row : AllMetrics()) {
    AppendHead(text, row);
    if (row.type == MetricType::kHistogram) {
      for (const auto& [key, histogram] : HistogramsOf(row.id)) AppendHistogram(text, row, key, histogram);
      continue;
    }
    std::map<std::string, double> values = ValuesOf(row.id, collected);
    // A counter that nothing has counted yet is zero; a gauge that nobody reads is absent.
    if (values.empty() && row.type == MetricType::kCounter && row.labels.empty()) values[""] = 0;
    for (const auto& [key, value] : values) AppendSample(text, row, key, value);
  }
  return text;
}

}  // namespace pando::telemetry
