#include "serve/meant_path.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "catalog/function.h"
#include "catalog/relation.h"
#include "rest/filter_parser.h"
#include "rest/percent.h"
#include "serve/openapi_names.h"

namespace pando::serve {
namespace {

using catalog::Function;
using catalog::Relation;

struct OtherApi {
  std::string_view path, name;
};
constexpr std::array<OtherApi, 6> kSupabase = {{{"/auth/v1", "sign-in (Auth)"},
                                                {"/functions/v1", "edge functions"},
                                                {"/storage/v1", "files (Storage)"},
                                                {"/realtime/v1", "changes (Realtime)"},
                                                {"/graphql/v1", "GraphQL"},
                                                {"/analytics/v1", "logs (Analytics)"}}};

bool IsBelow(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', 1), path.size());
    if (end > 1) segments.push_back(path.substr(1, end - 1));
    path.remove_prefix(end);
  }
  return segments;
}

std::string Encoded(std::string_view name) {
  std::string text;
  rest::AppendPercentEncoded(name, text);
  return text;
}

// A segment of a path as it is to be in a query, where a plus is a space and an ampersand ends the value.
std::optional<std::string> InQuery(std::string_view segment) {
  std::string value;
  if (!rest::AppendPercentDecoded(segment, rest::Plus::kIsPlus, value)) return std::nullopt;
  return Encoded(value);
}

// "?id=eq.5", or "?a=5" of a call: each name with the segment of its place.
std::optional<std::string> Query(const std::vector<std::string>& names, std::string_view before_value,
                                 const std::vector<std::string_view>& segments) {
  if (names.size() != segments.size()) return std::nullopt;
  std::string query;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::optional<std::string> value = InQuery(segments[i]);
    if (!value) return std::nullopt;
    query += (i == 0 ? "?" : "&") + Encoded(names[i]) + std::string(before_value) + *value;
  }
  return query;
}

// By which a path may name a row: the primary key, or the first column of what has none.
std::vector<std::string> KeyOf(const Relation& relation) {
  std::vector<std::string> names;
  for (const std::string& column : relation.primary_key) names.push_back(FilterName(column));
  if (names.empty() && !relation.columns.empty()) names.push_back(FilterName(relation.columns.front().name));
  return names;
}

// The first `count` arguments have names, and the others may be left out.
bool TakesFirst(const Function& function, size_t count) {
  if (function.arguments.size() < count) return false;
  for (size_t i = 0; i < function.arguments.size(); ++i) {
    const catalog::Argument& argument = function.arguments[i];
    if (i < count ? argument.name.empty() : argument.required) return false;
  }
  return true;
}

bool TakesNames(const Function& function, const std::vector<std::string>& names) {
  const auto is_named = [&](const catalog::Argument& argument) {
    return std::find(names.begin(), names.end(), argument.name) != names.end();
  };
  const auto& arguments = function.arguments;
  const auto named = std::count_if(arguments.begin(), arguments.end(), is_named);
  return static_cast<size_t>(named) == names.size() &&
         std::all_of(arguments.begin(), arguments.end(),
                     [&](const catalog::Argument& argument) { return is_named(argument) || !argument.required; });
}

// nullopt where no overload takes so many, or several take arguments of these names.
std::optional<std::vector<std::string>> ArgumentsOf(const std::vector<const Function*>& overloads, size_t count) {
  // Those with fewer arguments come first: the one that has exactly so many does.
  const auto found = std::find_if(overloads.begin(), overloads.end(),
                                  [&](const Function* function) { return TakesFirst(*function, count); });
  if (found == overloads.end()) return std::nullopt;
  std::vector<std::string> names;
  for (size_t i = 0; i < count; ++i) names.push_back((*found)->arguments[i].name);
  const auto takers = std::count_if(overloads.begin(), overloads.end(),
                                    [&](const Function* function) { return TakesNames(*function, names); });
  return takers == 1 ? std::optional(names) : std::nullopt;
}

// "?a=5": a value that reads as a filter (`eq.5`) would be one.
std::optional<std::string> CallQuery(const std::vector<const Function*>& overloads,
                                     const std::vector<std::string_view>& segments) {
  if (segments.empty()) return std::string();
  std::optional<std::vector<std::string>> names = ArgumentsOf(overloads, segments.size());
  if (!names) return std::nullopt;
  for (std::string& name : *names) name = FilterName(name);
  for (const std::string_view segment : segments) {
    std::string value;
    if (rest::AppendPercentDecoded(segment, rest::Plus::kIsPlus, value) && rest::TryParseOperation(value)) {
      return std::nullopt;
    }
  }
  return Query(*names, "=", segments);
}

// What `below` the prefix was meant to be. A filter by a part of the key would be of many rows.
std::optional<std::string> MeantPath(std::string_view below, const PathContext& context) {
  std::vector<std::string_view> segments = Segments(below);
  const bool is_call = segments.size() > 1 && segments.front() == "rpc";
  const size_t named_by = is_call ? 2 : 1;
  if (segments.size() < named_by || !context.catalog) return std::nullopt;
  std::string name;
  if (!rest::AppendPercentDecoded(segments[named_by - 1], rest::Plus::kIsPlus, name)) return std::nullopt;
  const std::string base =
      (context.prefix == "/" ? "" : context.prefix) + (is_call ? "/rpc/" : "/") + std::string(segments[named_by - 1]);
  segments.erase(segments.begin(), segments.begin() + static_cast<ptrdiff_t>(named_by));
  std::optional<std::string> query;
  if (is_call) {
    const auto functions = context.catalog->FunctionsNamed(context.schema, name, "");
    if (functions.empty()) return std::nullopt;
    query = CallQuery(functions, segments);
  } else {
    const Relation* relation = context.catalog->FindRelation(context.schema, name);
    if (!relation) return std::nullopt;
    query = segments.empty() ? std::string() : Query(KeyOf(*relation), "=eq.", segments);
  }
  return query ? std::optional(base + *query) : std::nullopt;
}

}  // namespace

Error WithMeantPath(const Error& error, const PathContext& context) {
  const bool has_prefix = context.prefix != "/";
  const bool is_below = !has_prefix || IsBelow(context.path, context.prefix);
  const std::string api_is_at = "The REST API is at " + context.prefix + " (rest.prefix)";
  // Whatever tables there are: what asks there is a client of Supabase.
  for (const OtherApi& api : kSupabase) {
    if ((has_prefix && is_below) || !IsBelow(context.path, api.path)) continue;
    return Error(error.id(), "Pando does not have Supabase's API of " + std::string(api.name) + " at " +
                                 std::string(api.path) + ": it serves the tables and functions of the database at " +
                                 context.prefix);
  }
  std::string_view below = context.path;
  if (has_prefix && is_below) below.remove_prefix(context.prefix.size());
  if (const std::optional<std::string> meant = MeantPath(below, context)) {
    return error.WithHint("Perhaps you meant " + *meant);
  }
  const bool looks_elsewhere = !is_below || (!has_prefix && IsBelow(context.path, "/rest/v1"));
  return looks_elsewhere ? error.WithHint(api_is_at) : error;
}

}  // namespace pando::serve
