#include "http/message.h"

#include "base/ascii.h"
#include "http/characters.h"

namespace pando::http {
namespace {

constexpr size_t kBytesMax = size_t{1} << 31;
constexpr size_t kBytesKept = 1 << 10;

// The path and query of a target. A client that takes us for a proxy sends "http://host/path" (absolute-form, which a
// server must accept: RFC 9112, 3.2.2). The parser lets no other scheme through.
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
    if (a[i] != b[i] && ToLower(a[i]) != ToLower(b[i])) return false;
  }
  return true;
}

bool IsFieldName(std::string_view text) { return !text.empty() && TokenSize(text) == text.size(); }

bool IsFieldValue(std::string_view text) {
  for (;;) {
    const size_t control = FindControl(text);
    if (control == text.size()) return true;
    if (BreaksLine(text[control])) return false;
    text.remove_prefix(control + 1);
  }
}

void Headers::Add(std::string_view name, std::initializer_list<std::string_view> pieces) {
  size_t value_size = 0;
  for (const std::string_view piece : pieces) value_size += piece.size();
  const size_t begin = lines_.size();
  const size_t size = name.size() + kColon.size() + value_size;
  if (name.empty() || size > kBytesMax - begin) return;
  char* const line = lines_.Space(size + kLineEnd.size());
  char* to = WriteText(WriteText(line, name), kColon);
  for (const std::string_view piece : pieces) to = WriteText(to, piece);
  if (!IsFieldValue({line, size})) return;
  lines_.EndAt(WriteText(to, kLineEnd));
  NoteLine(begin, name, value_size);
}

void Headers::AddLine(std::string_view line, size_t name_size) {
  const size_t begin = lines_.size();
  if (line.size() > kBytesMax - begin) return;
  lines_.Append(line);
  const size_t value_size = line.size() - name_size - kColon.size() - kLineEnd.size();
  NoteLine(begin, line.substr(0, name_size), value_size);
}

void Headers::NoteLine(size_t begin, std::string_view name, size_t value_size) {
  const unsigned name_place = Names::PlaceOf(name);
  places_.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(name.size()),
                     static_cast<uint32_t>(value_size), name_place});
  names_.bits_ |= uint64_t{1} << name_place;
}

std::optional<std::string_view> Headers::Search(std::string_view name) const {
  std::optional<std::string_view> first;
  ForEach(name, [&](std::string_view value) {
    first = value;
    return false;
  });
  return first;
}

std::vector<std::string_view> Headers::FindAll(std::string_view name) const {
  std::vector<std::string_view> values;
  ForEach(name, [&](std::string_view value) {
    values.push_back(value);
    return true;
  });
  return values;
}

void Headers::Append(const Headers& others) {
  const auto begin = static_cast<uint32_t>(lines_.size());
  lines_.Append(others.lines());
  for (const Place& place : others.places_) {
    Place& moved = places_.emplace_back(place);
    moved.begin += begin;
  }
  names_ = names_ | others.names_;
}

void Headers::Set(std::string_view name, std::string_view value) {
  if (!Find(name)) return Add(name, value);
  Headers changed;
  bool is_set = false;
  for (const auto& [field, old] : *this) {
    if (!EqualsIgnoreCase(field, name)) {
      changed.Add(field, old);
    } else if (!is_set) {
      changed.Add(field, value);
      is_set = true;
    }
  }
  *this = std::move(changed);
}

void Headers::Remove(std::string_view name) {
  if (!Find(name)) return;
  Headers changed;
  for (const auto& [field, value] : *this) {
    if (!EqualsIgnoreCase(field, name)) changed.Add(field, value);
  }
  *this = std::move(changed);
}

void Headers::Reserve(size_t fields, size_t bytes) {
  places_.reserve(fields);
  lines_.Space(bytes);
}

void Headers::Clear() {
  lines_.Clear(kBytesKept);
  places_.clear();
  names_ = Names();
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
