#include "rest/query_parser.h"

#include <algorithm>
#include <utility>

#include "rest/cursor.h"
#include "rest/field_parser.h"
#include "rest/filter_parser.h"
#include "rest/logic_parser.h"
#include "rest/order_parser.h"
#include "rest/parameters.h"
#include "rest/select_parser.h"

namespace pando::rest {
namespace {

// In the order in which parameters are parsed, so that of several mistakes clients always see the same one.
enum class Role { kOrder, kLogic, kColumns, kSelect, kFilter, kOnConflict, kLimit, kOffset };

struct Entry {
  Role role;
  const Parameter* parameter;
};

// Whole keys first; then the last dot segment, so that `child.order` is one and `order.x` is a filter.
Role RoleOf(std::string_view key) {
  if (key == "select") return Role::kSelect;
  if (key == "columns") return Role::kColumns;
  if (key == "on_conflict") return Role::kOnConflict;
  const std::string_view last = key.substr(key.rfind('.') + 1);  // npos + 1 is 0
  if (last == "order") return Role::kOrder;
  if (last == "limit") return Role::kLimit;
  if (last == "offset") return Role::kOffset;
  if (last == "and" || last == "or") return Role::kLogic;
  return Role::kFilter;
}

struct Place {
  EmbedPath path;
  Field field;
};

Result<Place> ParsePlace(std::string_view key) {
  Cursor in(key);
  Place place;
  if (!ReadTreePath(in, place.path, place.field)) return in.Failure("tree path");
  return place;
}

Result<std::vector<std::string>> ParseNames(std::string_view what, std::string_view text) {
  Cursor in(text);
  std::vector<std::string> names;
  if (!ReadNames(in, names)) return in.Failure(what);
  return names;
}

class QueryParser {
 public:
  explicit QueryParser(const QueryContext& context) : context_(context) {}

  Result<ParsedQuery> Parse(const Parameters& parameters);

 private:
  Result<void> Add(Role role, const Parameter& parameter);
  Result<void> AddOrder(const Parameter& parameter);
  Result<void> AddLogic(const Parameter& parameter);
  Result<void> AddFilter(const Parameter& parameter);
  Result<void> AddWindow(const Parameter& parameter, bool is_limit);
  bool HasWindow(const EmbedPath& path, bool is_limit) const;
  Result<void> SetColumns(std::string_view text);
  Result<void> SetSelect(std::string_view text);
  Result<void> SetOnConflict(std::string_view text);

  const QueryContext& context_;
  bool select_given_ = false;
  ParsedQuery out_;
};

// `DELETE /items?id` would else delete every row.
Error NoValue(std::string_view key) {
  Cursor in(key);
  in.Advance(key.size());
  in.Expect("\"=\"");
  return in.Failure("parameter").WithHint("A parameter needs a value, such as id=eq.1 or limit=10.");
}

// A parameter that may stand once for each level. Two of them contradict each other.
Error Repeated(std::string_view key) {
  return Error(ErrorId::kQueryParse, "the parameter \"" + std::string(key) + "\" is given more than once")
      .WithHint("Give the parameter once. Several columns are separated by commas.");
}

Result<std::vector<Entry>> InParsingOrder(const Parameters& parameters) {
  std::vector<Entry> entries;
  entries.reserve(parameters.all().size());
  for (const Parameter& parameter : parameters.all()) {
    if (!parameter.has_value) return NoValue(parameter.key);
    entries.push_back({RoleOf(parameter.key), &parameter});
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.role < b.role; });
  return entries;
}

Result<ParsedQuery> QueryParser::Parse(const Parameters& parameters) {
  PANDO_TRY(const std::vector<Entry> entries, InParsingOrder(parameters));
  for (const Entry& entry : entries) PANDO_CHECK(Add(entry.role, *entry.parameter));
  out_.query.canonical = parameters.Canonical();
  return std::move(out_);
}

Result<void> QueryParser::Add(Role role, const Parameter& parameter) {
  switch (role) {
    case Role::kOrder:
      return AddOrder(parameter);
    case Role::kLogic:
      return AddLogic(parameter);
    case Role::kColumns:
      return SetColumns(parameter.value);
    case Role::kSelect:
      return SetSelect(parameter.value);
    case Role::kFilter:
      return AddFilter(parameter);
    case Role::kOnConflict:
      return SetOnConflict(parameter.value);
    case Role::kLimit:
      return AddWindow(parameter, true);
    case Role::kOffset:
      return AddWindow(parameter, false);
  }
  return {};
}

Result<void> QueryParser::AddOrder(const Parameter& parameter) {
  PANDO_TRY(Place place, ParsePlace(parameter.key));
  for (const auto& [path, terms] : out_.query.order) {
    if (path == place.path) return Repeated(parameter.key);
  }
  PANDO_TRY(std::vector<OrderTerm> terms, ParseOrder(parameter.value));
  out_.query.order.push_back({std::move(place.path), std::move(terms)});
  return {};
}

Result<void> QueryParser::AddLogic(const Parameter& parameter) {
  PANDO_TRY(At<Logic> logic, ParseLogic(parameter.key, parameter.value, context_.nesting_max));
  out_.query.logic.push_back(std::move(logic));
  return {};
}

Result<void> QueryParser::AddFilter(const Parameter& parameter) {
  PANDO_TRY(Place place, ParsePlace(parameter.key));
  if (context_.arguments_allowed) {
    std::optional<Operation> operation = TryParseOperation(parameter.value);
    if (!operation) {
      // A path or an arrow belongs to the name of an argument, which is no column.
      const bool is_name = place.path.empty() && place.field.path.empty();
      out_.query.arguments.emplace_back(is_name ? std::move(place.field.name) : std::string(parameter.key),
                                        parameter.value);
      return {};
    }
    out_.query.filters.push_back({std::move(place.path), {std::move(place.field), *std::move(operation)}});
    return {};
  }
  PANDO_TRY(Operation operation, ParseOperation(parameter.value));
  out_.query.filters.push_back({std::move(place.path), {std::move(place.field), std::move(operation)}});
  return {};
}

Result<void> QueryParser::AddWindow(const Parameter& parameter, bool is_limit) {
  PANDO_TRY(Place place, ParsePlace(parameter.key));
  if (HasWindow(place.path, is_limit)) return Repeated(parameter.key);
  if (place.path.empty()) out_.query.has_limit_or_offset = true;
  Cursor in(parameter.value);
  const std::optional<int64_t> number = ParseWindowNumber(parameter.value);
  if (!number) {
    in.Expect("an integer");
    return in.Failure(is_limit ? "limit" : "offset");
  }
  if (!is_limit && *number < 0) {
    in.Refuse("an offset cannot be negative");
    return in.Failure("offset");
  }
  out_.windows.push_back({std::move(place.path), is_limit, *number});
  return {};
}

bool QueryParser::HasWindow(const EmbedPath& path, bool is_limit) const {
  return std::any_of(out_.windows.begin(), out_.windows.end(),
                     [&](const WindowParameter& window) { return window.is_limit == is_limit && window.path == path; });
}

Result<void> QueryParser::SetColumns(std::string_view text) {
  if (out_.query.columns) return Repeated("columns");
  PANDO_TRY(std::vector<std::string> names, ParseNames("columns parameter", text));
  // A set: a column named twice is written once.
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  out_.query.columns = std::move(names);
  return {};
}

Result<void> QueryParser::SetSelect(std::string_view text) {
  if (select_given_) return Repeated("select");
  select_given_ = true;
  PANDO_TRY(out_.query.select, ParseSelect(text, context_.nesting_max));
  return {};
}

Result<void> QueryParser::SetOnConflict(std::string_view text) {
  if (out_.query.on_conflict) return Repeated("on_conflict");
  PANDO_TRY(out_.query.on_conflict, ParseNames("on_conflict parameter", text));
  return {};
}

}  // namespace

bool IsFilterKey(std::string_view key) { return RoleOf(key) == Role::kFilter; }

Result<ParsedQuery> ParseQuery(std::string_view text, const QueryContext& context) {
  if (std::count(text.begin(), text.end(), '&') >= kParametersMax) {
    return Error(ErrorId::kQueryParse,
                 "the query string has more than " + std::to_string(kParametersMax) + " parameters");
  }
  Parameters parameters;
  PANDO_CHECK(parameters.Parse(text));
  return QueryParser(context).Parse(parameters);
}

}  // namespace pando::rest
