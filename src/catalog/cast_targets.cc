#include "catalog/cast_targets.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace pando::catalog {
namespace {

// Spellings of SQL's grammar that are no type names of pg_type. CHARACTER and BIT alone have length 1 there, while the
// types of that name have no length, so these rows must win over them.
constexpr std::pair<std::string_view, std::string_view> kKeywords[] = {
    {"int", "integer"},
    {"dec", "numeric"},
    {"decimal", "numeric"},
    {"float", "double precision"},
    {"char", "character(1)"},
    {"character", "character(1)"},
    {"nchar", "character(1)"},
    {"national char", "character(1)"},
    {"national character", "character(1)"},
    {"char varying", "character varying"},
    {"nchar varying", "character varying"},
    {"national char varying", "character varying"},
    {"national character varying", "character varying"},
    {"bit", "bit(1)"},
    {"time", "time without time zone"},
    {"timestamp", "timestamp without time zone"},
};

// As the server folds an unquoted name: ASCII letters in lower case, runs of blanks as one.
std::string Folded(std::string_view written) {
  std::string folded;
  for (const char c : written) {
    if (c == ' ' || c == '\t') {
      if (!folded.empty() && folded.back() != ' ') folded += ' ';
    } else {
      folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  if (!folded.empty() && folded.back() == ' ') folded.pop_back();
  return folded;
}

std::string Quoted(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool CanBeNamed(const Snapshot& snapshot, const Type& type) {
  if (snapshot.exposed_schemas.empty() && snapshot.extra_search_path.empty()) return true;
  return Contains(snapshot.exposed_schemas, type.name.schema) || Contains(snapshot.extra_search_path, type.name.schema);
}

}  // namespace

CastTargets::CastTargets(const Snapshot& snapshot) {
  AddKeywords();
  AddBuiltIns(snapshot.types);
  AddOfSchemas(snapshot);
}

void CastTargets::AddKeywords() {
  for (const auto& [name, sql] : kKeywords) sql_by_name_.emplace(name, sql);
}

void CastTargets::AddBuiltIns(const std::vector<Type>& types) {
  for (const Type& type : types) {
    if (type.name.schema != "pg_catalog" || type.kind == Type::Kind::kPseudo) continue;
    sql_by_name_.emplace(type.name.name, type.sql);
    sql_by_name_.emplace(type.sql, type.sql);
  }
}

void CastTargets::AddOfSchemas(const Snapshot& snapshot) {
  std::unordered_map<std::string, std::string> found;
  for (const Type& type : snapshot.types) {
    if (type.name.schema == "pg_catalog" || type.kind == Type::Kind::kPseudo || !CanBeNamed(snapshot, type)) continue;
    const auto [at, is_new] = found.emplace(type.name.name, type.sql);
    // Several schemas have such a type: the name alone is left for the request's search path to decide.
    if (!is_new) at->second = Quoted(type.name.name);
  }
  sql_by_name_.merge(found);
}

std::optional<std::string> CastTargets::Find(std::string_view written) const {
  std::string name = Folded(written);
  std::string_view suffix;
  if (name.ends_with("[]")) {
    name = Folded(std::string_view(name).substr(0, name.size() - 2));
    suffix = "[]";
  }
  const auto found = sql_by_name_.find(name);
  if (found == sql_by_name_.end()) return std::nullopt;
  return found->second + std::string(suffix);
}

}  // namespace pando::catalog
