#include "bench/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pando::bench {
namespace {

constexpr int kColumns = 60;
constexpr int kRows = 12;
constexpr double kSpanMinMs = 1e-3;
constexpr int kLabelEvery = 3;

// The rows of the diagram, the lowest one first.
class Canvas {
 public:
  Canvas(double rate_max, double low_ms, double high_ms)
      : rate_max_(rate_max), low_(std::log10(low_ms)), high_(std::log10(high_ms)), rows_(kRows + 1) {
    for (std::string& row : rows_) row.assign(kColumns + 1, ' ');
  }

  void Mark(double rate, double span_ms, char mark) {
    const auto column = static_cast<size_t>(std::lround(rate / rate_max_ * kColumns));
    const double height =
        std::isfinite(span_ms) ? (std::log10(std::max(span_ms, kSpanMinMs)) - low_) / (high_ - low_) : 1;
    const auto row = static_cast<size_t>(std::lround(std::clamp(height, 0.0, 1.0) * kRows));
    rows_[row][column] = mark;
  }

  std::string Text() const {
    std::string text;
    for (int row = kRows; row >= 0; --row) {
      const double span = std::pow(10, low_ + (high_ - low_) * row / kRows);
      const std::string label = row % kLabelEvery == 0 ? fmt::format("{:>9.3g} ms", span) : std::string(12, ' ');
      std::string line = rows_[static_cast<size_t>(row)];
      line.erase(line.find_last_not_of(' ') + 1);
      text += "  " + label + " |" + line + "\n";
    }
    text += fmt::format("  {:>12} +{}\n", "", std::string(kColumns + 1, '-'));
    text += fmt::format("  {:>12}  0{:>{}.0f} requests/s\n", "", rate_max_, kColumns);
    return text;
  }

 private:
  double rate_max_, low_, high_;
  std::vector<std::string> rows_;
};

}  // namespace

std::string PlotLatency(const std::vector<PlotPoint>& points) {
  if (points.size() < 2) return "";
  double rate_max = 0, low_ms = INFINITY, high_ms = 0;
  for (const PlotPoint& point : points) {
    rate_max = std::max(rate_max, point.rate);
    for (const double span : {point.p50_ms, point.p99_ms}) {
      if (!std::isfinite(span)) continue;
      low_ms = std::min(low_ms, std::max(span, kSpanMinMs));
      high_ms = std::max(high_ms, span);
    }
  }
  if (rate_max <= 0 || !std::isfinite(low_ms)) return "";
  Canvas canvas(rate_max, low_ms, std::max(high_ms, low_ms * 10));
  for (const PlotPoint& point : points) canvas.Mark(point.rate, point.p99_ms, std::isfinite(point.p99_ms) ? 'x' : 'X');
  for (const PlotPoint& point : points) canvas.Mark(point.rate, point.p50_ms, 'o');
  return "  latency against offered rate: o median, x 99th percentile, X beyond every span\n" + canvas.Text();
}

}  // namespace pando::bench
