#include "telemetry/metrics_page.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "telemetry/metric_inventory.h"

namespace pando::telemetry {
namespace {

// What a label may be, for the table of metrics.
std::string Described(const LabelRow& label) {
  std::string text = "`" + std::string(label.name) + "`";
  if (label.values.empty()) {
    text += ", at most " + std::to_string(label.values_max) + (label.values_max == 1 ? " value" : " values");
  } else {
    std::string_view separator = ": ";
    for (const LabelValue& value : label.values) {
      text += std::string(separator) + "`" + std::string(value.name) + "`";
      separator = ", ";
    }
  }
  return label.source.empty() ? text : text + " (" + std::string(label.source) + ")";
}

// The values of one label with their meanings, under the names of the metrics that have it.
struct LabelSection {
  const LabelRow* label;
  std::string metrics;
};

bool AreAlike(const LabelRow& a, const LabelRow& b) {
  const auto alike = [](const LabelValue& x, const LabelValue& y) {
    return x.name == y.name && x.meaning == y.meaning;
  };
  return a.name == b.name && std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), alike);
}

std::vector<LabelSection> LabelSections() {
  std::vector<LabelSection> sections;
  for (const MetricRow& row : AllMetrics()) {
    const std::string name = "`" + std::string(row.name) + "`";
    for (const LabelRow& label : row.labels) {
      if (!label.source.empty()) continue;
      const auto known = std::find_if(sections.begin(), sections.end(),
                                      [&](const LabelSection& one) { return AreAlike(*one.label, label); });
      if (known == sections.end()) {
        sections.push_back({&label, name});
      } else {
        known->metrics += ", " + name;
      }
    }
  }
  return sections;
}

std::string ValuesPart() {
  std::string part =
      "\n## Values of labels\n\n"
      "What the words mean. A value beyond a label's list or number is counted as `other`.\n";
  for (const LabelSection& section : LabelSections()) {
    part += "\n### `" + std::string(section.label->name) + "` of " + section.metrics +
            "\n\n| value | meaning |\n| --- | --- |\n";
    for (const LabelValue& value : section.label->values) {
      part += "| `" + std::string(value.name) + "` | " + std::string(value.meaning) + " |\n";
    }
  }
  return part;
}

}  // namespace

std::string MetricsPage() {
  std::string page =
      "<!-- Printed by `pando config metrics`: run `./dev docs` rather than edit it. -->\n\n"
      "# Metrics\n\n"
      "What `GET /metrics` on the admin port (`admin.listen`) answers, in Prometheus' text format (0.0.4). A counter\n"
      "(`_total`) only grows while the process runs: look at its rate. The number of values of each label is "
      "bounded.\n\n"
      "| metric | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const MetricRow& row : AllMetrics()) {
    std::string labels;
    for (const LabelRow& label : row.labels) labels += (labels.empty() ? "" : "; ") + Described(label);
    page += "| `" + std::string(row.name) + "` | " + std::string(ToString(row.type)) + " | " + std::string(row.unit) +
            " | " + labels + " | " + std::string(row.help) + " |\n";
  }
  return page + ValuesPart();
}

}  // namespace pando::telemetry
