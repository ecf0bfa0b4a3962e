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

constexpr std::string_view kUnit = "items";

// The name of a unit before "=" (RFC 9110 section 14.1); empty: there is none.
std::string_view UnitOf(std::string_view range) {
  const std::string_view unit = range.substr(0, std::min(range.find('='), range.size()));
  const auto is_part = [](char c) { return IsDigit(c) || (ToLower(c) >= 'a' && ToLower(c) <= 'z') || c == '-'; };
  const bool is_unit = unit.size() < range.size() && std::all_of(unit.begin(), unit.end(), is_part);
  return is_unit ? unit : std::string_view();
}

// nullopt: the range is of another unit than rows.
Result<std::optional<Interval>> ParseRange(std::string_view header) {
  std::string_view text = Trimmed(header);
  if (const std::string_view unit = UnitOf(text); !unit.empty()) {
    if (ToLower(unit) != kUnit) return std::optional<Interval>();
    text.remove_prefix(unit.size() + 1);
  }
  const size_t dash = std::min(text.find('-'), text.size());
  const std::string_view first = text.substr(0, dash);
  const std::string_view last = text.substr(std::min(dash + 1, text.size()));
  const bool is_range = dash < text.size() && !first.empty() && std::all_of(first.begin(), first.end(), IsDigit) &&
                        std::all_of(last.begin(), last.end(), IsDigit);
  if (!is_range) {
    return Error(ErrorId::kNotHonoured, "the Range header is not of the form FIRST-LAST or FIRST-")
        .WithHint("Rows are counted from 0: \"Range: 0-9\" asks for the first ten. One range can be asked for.");
  }
  const Interval interval{ParseDigits(first), last.empty() ? kUnbounded : ParseDigits(last)};
  return std::optional<Interval>(interval);
}

Result<Interval> IntervalOf(const Given& given) {
  Interval interval{.first = given.offset.value_or(0), .last = kUnbounded};
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
  if (range_header) {
    PANDO_TRY(range, ParseRange(*range_header));
  }
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
