#include "http/conditional.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace pando::http {
namespace {

constexpr std::string_view kWeak = "W/";
constexpr std::string_view kBlanks = " \t";

struct Tag {
  bool is_weak = false;
  std::string_view opaque;  // with its quotes
};

// Takes an entity tag off the front of `list`; nullopt when none stands there.
std::optional<Tag> TakeTag(std::string_view& list) {
  Tag tag;
  std::string_view rest = list;
  tag.is_weak = rest.starts_with(kWeak);
  if (tag.is_weak) rest.remove_prefix(kWeak.size());
  const size_t end = rest.starts_with('"') ? rest.find('"', 1) : std::string_view::npos;
  if (end == std::string_view::npos) return std::nullopt;
  tag.opaque = rest.substr(0, end + 1);
  list = rest.substr(tag.opaque.size());
  return tag;
}

bool AreSame(const Tag& a, const Tag& b, TagComparison comparison) {
  if (comparison == TagComparison::kStrong && (a.is_weak || b.is_weak)) return false;
  return a.opaque == b.opaque;
}

bool ListNamesTag(std::string_view list, const Tag& tag, TagComparison comparison) {
  for (;;) {
    list.remove_prefix(std::min(list.find_first_not_of(" \t,"), list.size()));
    const std::optional<Tag> named = TakeTag(list);
    if (!named) return false;
    if (AreSame(*named, tag, comparison)) return true;
  }
}

bool IsStar(std::string_view field) {
  const size_t begin = field.find_first_not_of(kBlanks);
  return begin != std::string_view::npos && field.substr(begin, field.find_last_not_of(kBlanks) + 1 - begin) == "*";
}

}  // namespace

bool NamesTag(const std::vector<std::string_view>& fields, std::string_view etag, TagComparison comparison) {
  const std::optional<Tag> tag = TakeTag(etag);
  return tag && std::any_of(fields.begin(), fields.end(),
                            [&](std::string_view list) { return ListNamesTag(list, *tag, comparison); });
}

bool NamesAnyTag(const std::vector<std::string_view>& fields) {
  return std::any_of(fields.begin(), fields.end(), IsStar);
}

}  // namespace pando::http
