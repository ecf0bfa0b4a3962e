#include "http/message.h"

#include <algorithm>

namespace pando::http {
namespace {

constexpr char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// The path and query of a target. A client that takes us for a proxy sends "http://host/path" (absolute-form, which a
// server must accept: RFC 9112, 3.2.2).
std::string_view OriginForm(std::string_view target) {
  if (target.starts_with('/')) return target;
  const size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos || scheme_end > target.find_first_of("/?")) return target;
  const size_t authority_end = target.find_first_of("/?", scheme_end + 3);
  return authority_end == std::string_view::npos ? std::string_view("/") : target.substr(authority_end);
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

std::optional<std::string_view> Headers::Find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (EqualsIgnoreCase(field.first, name)) return field.second;
  }
  return {};
}

std::vector<std::string_view> Headers::FindAll(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& field : fields_) {
    if (EqualsIgnoreCase(field.first, name)) values.push_back(field.second);
  }
  return values;
}

void Headers::Set(std::string_view name, std::string value) {
  auto at = std::find_if(fields_.begin(), fields_.end(),
                         [name](const Field& field) { return EqualsIgnoreCase(field.first, name); });
  if (at == fields_.end()) return Add(std::string(name), std::move(value));
  at->second = std::move(value);
  fields_.erase(
      std::remove_if(at + 1, fields_.end(), [name](const Field& field) { return EqualsIgnoreCase(field.first, name); }),
      fields_.end());
}

void Headers::Remove(std::string_view name) {
  std::erase_if(fields_, [name](const Field& field) { return EqualsIgnoreCase(field.first, name); });
}

std::string_view Request::path() const {
  const std::string_view origin = OriginForm(target);
  const std::string_view path = origin.substr(0, origin.find('?'));
  return path.empty() && !origin.empty() ? std::string_view("/") : path;
}

std::string_view Request::query() const {
  const size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

}  // namespace pando::http
