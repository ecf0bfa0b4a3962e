#include "rest/windows.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "base/ascii.h"

namespace pando::rest {
namespace {

constexpr int64_t kUnbounded = std::numeric_limits<int64_t>::max();

// Rows first..last, counted from 0; last == kUnbounded has no end.
struct Interval {
  int64_t first = 0;
  int64_t last = kUnbounded;
};

struct Given {
  std::optional<int64_t> limit;
  std::optional<int64_t> offset;
};

Error NotSatisfiable(std::string detail) {
  return Error(ErrorId::kInvalidRange, "Requested range not satisfiable").WithDetail(std::move(detail));
}

Error NegativeLimit() { return NotSatisfiable("Limit should be greater than or equal to zero."); }

// Digits only, saturating.
int64_t ParseDigits(std::string_view digits) {
  int64_t value = 0;
  for (const char c : digits) {
    const int64_t digit = c - '0';
    if (value > (kUnbounded - digit) / 10) return kUnbounded;
    value = value * 10 + digit;
  }
  return value;
}

// A-B or A-; anything else is no range at all.
std::optional<Interval> ParseRange(std::string_view text) {
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  const std::string_view first = text.substr(0, dash);
  const std::string_view last = text.substr(dash + 1);
  if (!std::all_of(first.begin(), first.end(), IsDigit) || !std::all_of(last.begin(), last.end(), IsDigit)) {
    return std::nullopt;
  }
  return Interval{ParseDigits(first), last.empty() ? kUnbounded : ParseDigits(last)};
}

Result<Interval> IntervalOf(const Given& given) {
  Interval interval{.first = std::max<int64_t>(given.offset.value_or(0), 0), .last = kUnbounded};
  if (!given.limit) return interval;
  if (*given.limit < 0) return NegativeLimit();
  if (*given.limit <= kUnbounded - interval.first) interval.last = interval.first + *given.limit - 1;
  return interval;
}

Window WindowOf(const Interval& interval) {
  Window window;
  window.offset = interval.first;
  if (interval.last != kUnbounded) window.limit = interval.last - interval.first + 1;
  return window;
}

Result<Window> MergeLevel(const Given& given, std::optional<Interval> range) {
  // limit=0 asks for no rows in so many words and wins over everything else.
  if (given.limit == 0) return Window{.limit = 0, .offset = 0};
  if (range && range->last < range->first) {
    return NotSatisfiable("The lower boundary must be lower than or equal to the upper boundary in the Range header.");
  }
  PANDO_TRY(Interval interval, IntervalOf(given));
  if (range) {
    interval.first = std::max(interval.first, range->first);
    interval.last = std::min(interval.last, range->last);
    if (interval.last < interval.first) return NegativeLimit();
  }
  return WindowOf(interval);
}

bool IsEverything(const Window& window) { return !window.limit && window.offset == 0; }

}  // namespace

std::optional<int64_t> ParseWindowNumber(std::string_view text) {
  text = Trimmed(text);
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || !std::all_of(text.begin(), text.end(), IsDigit)) return std::nullopt;
  return negative ? -ParseDigits(text) : ParseDigits(text);
}

Result<std::vector<At<Window>>> MergeWindows(const std::vector<WindowParameter>& parameters,
                                             std::optional<std::string_view> range_header) {
  std::optional<Interval> range;
  if (range_header) range = ParseRange(*range_header);
  std::vector<At<Window>> windows;
  if (parameters.empty() && !range) return windows;

  std::map<EmbedPath, Given> levels;  // ordered: the root comes first
  if (range) levels[{}];
  for (const WindowParameter& parameter : parameters) {
    Given& given = levels[parameter.path];
    (parameter.is_limit ? given.limit : given.offset) = parameter.value;
  }
  for (const auto& [path, given] : levels) {
    PANDO_TRY(const Window window, MergeLevel(given, path.empty() ? range : std::nullopt));
    if (!IsEverything(window)) windows.push_back({path, window});
  }
  return windows;
}

}  // namespace pando::rest
