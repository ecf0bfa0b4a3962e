#include "serve/shape_cache.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/random.h"
#include "rest/percent.h"
#include "rest/query_parser.h"
#include "rest/request.h"

namespace pando::serve {
namespace {

// Control characters: the parser of HTTP lets none of them pass.
constexpr char kPlaceholder = '\x01';  // in a key, where a value was cut out
constexpr char kSeparator = '\n';      // between the parts of a key
constexpr size_t kCanonicalBytesUsual = 64;

// After these a filter's value is text that nothing looks into.
constexpr std::string_view kOperators[] = {"eq.", "neq.", "gt.", "gte.", "lt.", "lte."};

// Where the value of a filter begins; nullopt when the operator is none whose value can be cut out.
std::optional<size_t> ValueStart(std::string_view filter) {
  const size_t start = filter.starts_with("not.") ? 4 : 0;
  for (const std::string_view op : kOperators) {
    if (filter.substr(start).starts_with(op)) return start + op.size();
  }
  return std::nullopt;
}

// False when it may be a filter of a function's rows: those begin with a name and a point or parenthesis.
bool IsArgument(std::string_view value) {
  const size_t name = value.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
  return name == std::string_view::npos || (value[name] != '.' && value[name] != '(' && value[name] != '%');
}

// std::string_view's own looks each character up by a call.
size_t FindEither(std::string_view text, char a, char b, size_t begin = 0) {
  while (begin < text.size() && text[begin] != a && text[begin] != b) ++begin;
  return begin;
}

// "id=eq.5": where the value begins, behind "eq."; of a function's argument, "id=5", behind the "=".
std::optional<size_t> ValueStartOf(std::string_view piece, bool arguments_allowed) {
  const size_t equals = piece.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view key = piece.substr(0, equals);
  const bool encoded = FindEither(key, '%', '+') != key.size();  // might spell one of the other keys
  if (encoded || !rest::IsFilterKey(key)) return std::nullopt;
  if (arguments_allowed && IsArgument(piece.substr(equals + 1))) return equals + 1;
  const std::optional<size_t> start = ValueStart(piece.substr(equals + 1));
  return start ? std::optional<size_t>(equals + 1 + *start) : std::nullopt;
}

struct ReadHeader {
  std::string_view name;
  http::Headers::Names names;
};

constexpr auto MakeReadHeaders() {
  std::array<ReadHeader, rest::kReadHeaders.size()> made;
  for (size_t i = 0; i < made.size(); ++i) {
    made[i] = {rest::kReadHeaders[i], http::Headers::Names(rest::kReadHeaders[i])};
  }
  return made;
}
constexpr auto kReadHeaders = MakeReadHeaders();

enum class Target { kOther, kRelation, kFunction };

// What a GET or HEAD of that path reads.
Target TargetOf(const http::Request& request, std::string_view path, std::string_view prefix) {
  if (request.method != "GET" && request.method != "HEAD") return Target::kOther;
  if (path.find('%') != std::string_view::npos) return Target::kOther;
  const std::string_view name = path.substr(std::min(prefix == "/" ? 0 : prefix.size(), path.size()));
  if (name.starts_with("/rpc/")) return Target::kFunction;
  return name.size() > 1 ? Target::kRelation : Target::kOther;
}

std::string MakeNonce() { return RandomText(24, "abcdefghijklmnopqrstuvwxyz"); }

size_t Count(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

}  // namespace

void AppendReadHeaders(const http::Request& request, std::string& key) {
  size_t separators = 0;  // that are to be written
  for (const ReadHeader& header : kReadHeaders) {
    ++separators;
    if (!request.headers.MayHold(header.names)) continue;
    key.append(std::exchange(separators, 0), kSeparator);
    request.headers.ForEach(header.name, [&key](std::string_view value) {
      key.append(value).append(1, kPlaceholder);
      return true;
    });
  }
  key.append(separators, kSeparator);
}

void CutRequest::LeaveToDatabase() {
  printer = Printer::kDatabase;
  key.insert(0, 1, kPlaceholder);  // no method begins with it
}

ShapeCache::ShapeCache(size_t entries_max) : entries_max_(entries_max), nonce_(MakeNonce()) {}

bool ShapeCache::Cut(const http::Request& request, std::string_view rest_prefix, std::string_view role,
                     CutRequest& cut) {
  const std::string_view path = request.path();
  const Target target = TargetOf(request, path, rest_prefix);
  if (target == Target::kOther) return false;
  cut.values.clear();
  cut.query = request.query();
  cut.printer = Printer::kServer;
  cut.key.assign(request.method).append(1, kSeparator).append(path).append(1, kSeparator);
  size_t copied = 0;
  const std::string_view query = cut.query;
  for (size_t begin = 0; begin < query.size();) {
    const size_t end = std::min(query.find('&', begin), query.size());
    if (const std::optional<size_t> start =
            ValueStartOf(query.substr(begin, end - begin), target == Target::kFunction)) {
      cut.key.append(query, copied, begin + *start - copied).append(1, kPlaceholder);
      cut.values.push_back(query.substr(begin + *start, end - begin - *start));
      copied = end;
    }
    begin = end + 1;
  }
  cut.key.append(query, copied);
  AppendReadHeaders(request, cut.key);
  cut.key.append(1, kSeparator).append(role);  // last, for it may hold anything
  return cut.key.size() <= kKeyBytesMax && cut.values.size() <= kValuesMax;
}

std::optional<ShapeCache::Recalled> ShapeCache::Recall(const CutRequest& cut) {
  const auto found = by_key_.find(cut.key);
  if (found == by_key_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, found->second);
  const Entry& entry = entries_.front();

  for (size_t i = 0; i < cut.values.size(); ++i) {
    values_[i].clear();
    if (!rest::AppendPercentDecoded(cut.values[i], rest::Plus::kIsSpace, values_[i])) return std::nullopt;
  }
  Recalled recalled;
  recalled.shape = entry.shape;
  recalled.learned = entry.learned;
  const std::vector<sql::Parameter>& own = entry.shape->statement.query.parameters;
  recalled.parameters.reserve(own.size());
  for (size_t i = 0; i < own.size(); ++i) {
    const std::optional<size_t> value = entry.value_of_parameter[i];
    recalled.parameters.push_back(value ? sql::Parameter(values_[*value]) : own[i]);
  }
  recalled.canonical.reserve(kCanonicalBytesUsual);
  recalled.canonical = entry.canonical_head;
  for (const auto& [value, text] : entry.canonical_rest) {
    rest::AppendPercentEncoded(values_[value], recalled.canonical);
    recalled.canonical += text;
  }
  return recalled;
}

bool ShapeCache::IsSecondSight(std::string_view key) {
  const size_t hash = std::hash<std::string_view>()(key);
  size_t& place = seen_[hash % seen_.size()];
  const bool second = place == hash;
  place = second ? 0 : hash;
  return second;
}

void ShapeCache::Remember(const CutRequest& cut, const http::Request& request, const Config& config,
                          const std::string& role) {
  if (by_key_.contains(cut.key) || !IsSecondSight(cut.key)) return;
  std::optional<Entry> entry = MakeEntry(cut, request, config, role);
  if (!entry) return;
  while (entries_.size() >= entries_max_) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front(std::move(*entry));
  by_key_.emplace(entries_.front().key, entries_.begin());
}

void ShapeCache::Clear() {
  by_key_.clear();
  entries_.clear();
}

// Of a length that no other mark is part of.
std::string ShapeCache::Mark(size_t value) const { return nonce_ + static_cast<char>('a' + value); }

std::optional<ShapeCache::Entry> ShapeCache::MakeEntry(const CutRequest& cut, const http::Request& request,
                                                       const Config& config, const std::string& role) const {
  std::string marked(cut.query);
  for (size_t i = cut.values.size(); i-- > 0;) {
    const auto at = static_cast<size_t>(cut.values[i].data() - cut.query.data());
    marked.replace(at, cut.values[i].size(), Mark(i));
  }
  Result<rest::Request> parsed = ParseHttp(request, marked, config);
  if (!parsed) return std::nullopt;
  Result<Shape> shape = MakeShape(std::move(*parsed), config, role, cut.printer);
  if (!shape || shape->statement.estimate) return std::nullopt;
  Entry entry;
  entry.key = cut.key;
  if (!FindMarks(cut, *shape, entry)) return std::nullopt;
  if (config.cacheables) shape->cache = dependencies::MakeAnswerRule(shape->plan, shape->statement, *config.cacheables);
  entry.shape = std::make_shared<const Shape>(std::move(*shape));
  entry.learned = std::make_shared<Learned>();
  return entry;
}

// Each mark is a parameter, at least one, and no part of anything else.
bool ShapeCache::FindMarks(const CutRequest& cut, const Shape& shape, Entry& entry) const {
  const sql::Query& query = shape.statement.query;
  if (query.sql.find(nonce_) != std::string::npos) return false;
  std::vector<bool> used(cut.values.size());
  for (const sql::Parameter& parameter : query.parameters) {
    entry.value_of_parameter.emplace_back();
    if (!parameter || parameter->find(nonce_) == std::string::npos) continue;
    const auto value = static_cast<size_t>(parameter->back() - 'a');
    if (value >= used.size() || *parameter != Mark(value)) return false;
    entry.value_of_parameter.back() = value;
    used[value] = true;
  }
  if (!std::all_of(used.begin(), used.end(), [](bool it) { return it; })) return false;

  std::string_view canonical = shape.request.query.canonical;
  if (Count(canonical, nonce_) != cut.values.size()) return false;
  std::string* text = &entry.canonical_head;
  for (size_t at = canonical.find(nonce_); at != std::string_view::npos; at = canonical.find(nonce_)) {
    text->assign(canonical.substr(0, at));
    const auto value = static_cast<size_t>(canonical[at + nonce_.size()] - 'a');
    if (value >= used.size()) return false;
    text = &entry.canonical_rest.emplace_back(value, std::string()).second;
    canonical.remove_prefix(at + nonce_.size() + 1);
  }
  text->assign(canonical);
  return true;
}

}  // namespace pando::serve
