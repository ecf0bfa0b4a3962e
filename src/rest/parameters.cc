#include "rest/parameters.h"

#include <algorithm>

#include "base/assert.h"
#include "rest/percent.h"

namespace pando::rest {
namespace {

// Nothing to decode and nothing that could be refused.
bool IsPlain(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return c == '%' || c == '+' || static_cast<signed char>(c) <= 0; });
}

}  // namespace

Result<void> Parameters::Parse(std::string_view query) {
  PANDO_ASSERT(all_.empty());
  const bool plain = IsPlain(query);
  if (!plain) decoded_.reserve(query.size());
  all_.reserve(static_cast<size_t>(std::count(query.begin(), query.end(), '&')) + 1);
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view piece = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (piece.empty()) continue;
    const size_t equals = std::min(piece.find('='), piece.size());
    const std::string_view key = piece.substr(0, equals);
    const std::string_view value = piece.substr(std::min(equals + 1, piece.size()));
    Parameter parameter{.key = key, .value = value, .has_value = equals < piece.size()};
    if (!plain) {
      PANDO_TRY(parameter.key, Decode(key));
      PANDO_TRY(parameter.value, Decode(value));
    }
    all_.push_back(parameter);
  }
  return {};
}

Result<std::string_view> Parameters::Decode(std::string_view text) {
  const size_t start = decoded_.size();
  PANDO_CHECK(AppendPercentDecoded(text, Plus::kIsSpace, decoded_));
  return std::string_view(decoded_).substr(start);
}

std::string Parameters::Canonical() const {
  std::vector<const Parameter*> sorted;
  sorted.reserve(all_.size());
  size_t bytes = 0;
  for (const Parameter& parameter : all_) {
    sorted.push_back(&parameter);
    bytes += parameter.key.size() + parameter.value.size() + 8;
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Parameter* a, const Parameter* b) { return a->key < b->key; });
  std::string canonical;
  canonical.reserve(bytes);
  const Parameter* previous = nullptr;
  for (const Parameter* parameter : sorted) {
    if (previous != nullptr && previous->key == parameter->key) {
      canonical += ',';
    } else {
      if (previous != nullptr) canonical += '&';
      AppendPercentEncoded(parameter->key, canonical);
      canonical += '=';
    }
    AppendPercentEncoded(parameter->value, canonical);
    previous = parameter;
  }
  return canonical;
}

}  // namespace pando::rest
