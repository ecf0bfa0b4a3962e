#include "cache/report.h"

#include <string_view>
#include <vector>

#include "base/json_text.h"

namespace pando::cache {
namespace {

constexpr size_t kListedMax = 20;

// A key begins with the request's target.
std::string_view TargetOf(const std::string& key) { return std::string_view(key).substr(0, key.find('\n')); }

std::string ListJson(const std::vector<Listed>& answers) {
  std::string json = "[";
  for (const Listed& answer : answers) {
    if (json.size() > 1) json += ',';
    json += "{\"target\":" + JsonString(TargetOf(answer.key)) + ",\"resource\":" + JsonString(answer.route) +
            ",\"bytes\":" + std::to_string(answer.bytes) + ",\"hits\":" + std::to_string(answer.hits) + "}";
  }
  return json + "]";
}

}  // namespace

std::string ReportJson(const Store& store) {
  const StoreStats stats = store.stats();
  std::string json = "{\"answers\":" + std::to_string(stats.answers) + ",\"bytes\":" + std::to_string(stats.bytes) +
                     ",\"largest\":" + ListJson(store.List(Store::Rank::kBytes, kListedMax)) +
                     ",\"hottest\":" + ListJson(store.List(Store::Rank::kHits, kListedMax)) + ",\"most_invalidated\":[";
  bool first = true;
  for (const Invalidations& of : store.MostInvalidated(kListedMax)) {
    json += first ? "{" : ",{";
    first = false;
    json += "\"resource\":" + JsonString(of.route) + ",\"answers\":" + std::to_string(of.count) + "}";
  }
  return json + "]}";
}

}  // namespace pando::cache
