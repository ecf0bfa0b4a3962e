#include "telemetry/exposition.h"

#include <fmt/format.h>

#include <iterator>

namespace pando::telemetry {
namespace {

constexpr char kLabelEnd = '\xFF';

void AppendEscaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

// {a="1",b="2"}, with `le` behind the others when it is not empty; nothing when there are no labels.
void AppendLabels(std::string& out, const MetricRow& row, std::string_view key, std::string_view le = {}) {
  char separator = '{';
  for (const LabelRow& label : row.labels) {
    const size_t end = key.find(kLabelEnd);
    out += separator;
    out += label.name;
    out += "=\"";
    AppendEscaped(out, key.substr(0, end));
    out += '"';
    key.remove_prefix(end + 1);
    separator = ',';
  }
  if (!le.empty()) {
    out += separator;
    out += "le=\"";
    out += le;
    out += '"';
    separator = ',';
  }
  if (separator == ',') out += '}';
}

}  // namespace

void AppendLabel(std::string& key, std::string_view value) {
  // A value that is no UTF-8 could hold the closing byte: it becomes a question mark, so that keys stay unambiguous.
  for (const char c : value) key += c == kLabelEnd ? '?' : c;
  key += kLabelEnd;
}

void AppendHead(std::string& out, const MetricRow& row) {
  fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", row.name, row.help, row.name,
                 ToString(row.type));
}

void AppendSample(std::string& out, const MetricRow& row, std::string_view key, double value) {
  out += row.name;
  AppendLabels(out, row, key);
  fmt::format_to(std::back_inserter(out), " {}\n", value);
}

void AppendHistogram(std::string& out, const MetricRow& row, std::string_view key,
                     const Histogram::Snapshot& histogram) {
  uint64_t count = 0;
  for (size_t i = 0; i < histogram.buckets.size(); ++i) {
    count += histogram.buckets[i];
    const bool is_last = i == Histogram::kBoundsUs.size();
    const std::string le = is_last ? "+Inf" : fmt::format("{}", static_cast<double>(Histogram::kBoundsUs[i]) / 1e6);
    fmt::format_to(std::back_inserter(out), "{}_bucket", row.name);
    AppendLabels(out, row, key, le);
    fmt::format_to(std::back_inserter(out), " {}\n", count);
  }
  fmt::format_to(std::back_inserter(out), "{}_sum", row.name);
  AppendLabels(out, row, key);
  fmt::format_to(std::back_inserter(out), " {}\n{}_count", static_cast<double>(histogram.sum_ns) / 1e9, row.name);
  AppendLabels(out, row, key);
  // The sum of the buckets, so that the two agree even when a request ends in the middle of the scrape.
  fmt::format_to(std::back_inserter(out), " {}\n", count);
}

}  // namespace pando::telemetry
