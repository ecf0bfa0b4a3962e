#include "plan/relationships.h"

#include <algorithm>
#include <vector>

#include "base/json_text.h"

namespace pando::plan {
namespace {

using catalog::Cardinality;
using catalog::Relationship;

bool IsSingle(const Relationship& r) { return r.columns.size() == 1; }

// The foreign key's own columns stand on the source's side.
bool KeyOnSource(const Relationship& r) {
  return r.cardinality == Cardinality::kManyToOne || (r.cardinality == Cardinality::kOneToOne && r.source_has_key);
}

// `word` is the single foreign key column on the requesting side.
bool IsSourceColumn(const Relationship& r, const std::string& word) {
  return IsSingle(r) && !r.junction && r.columns[0].first == word;
}

bool IsEitherColumn(const Relationship& r, const std::string& word) {
  return IsSingle(r) && !r.junction && (r.columns[0].first == word || r.columns[0].second == word);
}

bool FitsSelf(const Relationship& r, const std::string& target, const std::optional<std::string>& hint) {
  if (r.junction) {
    return target == r.target.name && (!hint || *hint == r.junction->table.name);
  }
  const bool is_children = !KeyOnSource(r);
  if (!hint) return (is_children && target == r.target.name) || (!is_children && IsSourceColumn(r, target));
  // Children only: table!column, or table!constraint.
  return is_children && target == r.target.name && (IsEitherColumn(r, *hint) || *hint == r.constraint);
}

bool Fits(const Relationship& r, const std::string& target, const std::optional<std::string>& hint) {
  if (r.function) return target == r.function->name;
  if (r.is_self) return FitsSelf(r, target, hint);
  if (!hint) {
    // A constraint or a column as the target never means a view: several views may carry the same key.
    return target == r.target.name ||
           (!r.junction && !r.target_is_view && (target == r.constraint || IsSourceColumn(r, target)));
  }
  if (target != r.target.name) return false;
  if (r.junction) return *hint == r.junction->table.name;
  return *hint == r.constraint || IsEitherColumn(r, *hint);
}

std::string CardinalityName(const Relationship& r) {
  switch (r.cardinality) {
    case Cardinality::kManyToOne:
      return "many-to-one";
    case Cardinality::kOneToMany:
      return "one-to-many";
    case Cardinality::kOneToOne:
      return "one-to-one";
    case Cardinality::kManyToMany:
      return "many-to-many";
  }
  return "";
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string JoinColumns(const Pairs& pairs, bool first) {
  std::string text;
  for (const auto& [a, b] : pairs) text += (text.empty() ? "" : ", ") + (first ? a : b);
  return text;
}

std::string Describe(const Relationship& r) {
  if (r.junction) {
    const auto& j = *r.junction;
    return j.table.name + " using " + j.source_constraint + "(" + JoinColumns(j.source_columns, false) + ") and " +
           j.target_constraint + "(" + JoinColumns(j.target_columns, false) + ")";
  }
  return r.constraint + " using " + r.source.name + "(" + JoinColumns(r.columns, true) + ") and " + r.target.name +
         "(" + JoinColumns(r.columns, false) + ")";
}

// What chooses it: the junction or constraint, or a column where several go by the same one (views that show a key
// twice).
std::string Choice(const Relationship& r, const std::vector<const Relationship*>& found, const std::string& target) {
  const auto is_only = [&](const std::string& word) {
    const auto fits = [&](const Relationship* other) { return Fits(*other, target, word); };
    return Fits(r, target, word) && std::count_if(found.begin(), found.end(), fits) == 1;
  };
  if (r.junction) return r.junction->table.name;
  if (is_only(r.constraint) || !IsSingle(r)) return r.constraint;
  for (const std::string& column : {r.columns[0].first, r.columns[0].second}) {
    if (is_only(column)) return column;
  }
  return r.constraint;
}

Error Ambiguous(const std::vector<const Relationship*>& found, const std::string& source, const std::string& target) {
  std::string details = "[";
  std::string choices;
  for (const Relationship* r : found) {
    if (details.size() > 1) details += ',';
    details += "{\"cardinality\":" + JsonString(CardinalityName(*r)) +
               ",\"embedding\":" + JsonString(source + " with " + target) +
               ",\"relationship\":" + JsonString(Describe(*r)) + "}";
    choices += (choices.empty() ? "'" : ", '") + target + "!" + Choice(*r, found, target) + "'";
  }
  return Error(ErrorId::kAmbiguousRelationship,
               "Could not embed because more than one relationship was found for '" + source + "' and '" + target + "'")
      .WithDetailJson(details + "]")
      .WithHint("Try changing '" + target + "' to one of the following: " + choices +
                ". Find the desired relationship in the 'details' key.");
}

constexpr double kSimilarRelation = 0.75, kSimilarTarget = 0.33;

Error NotFound(const catalog::Catalog& catalog, const catalog::QualifiedName& source, const std::string& schema,
               const rest::SelectEmbed& embed) {
  const std::string hint_text = embed.hint ? " using the hint '" + *embed.hint + "'" : "";
  Error error =
      Error(ErrorId::kNoRelationship, "Could not find a relationship between '" + source.name + "' and '" +
                                          embed.target + "' in the schema cache")
          .WithDetail("Searched for a foreign key relationship between '" + source.name + "' and '" + embed.target +
                      "'" + hint_text + " in the schema '" + schema + "', but no matches were found.");
  if (catalog.RelationshipsFrom(source).empty()) {
    auto near = catalog.NearestRelation(schema, source.name, kSimilarRelation);
    if (near && *near != source.name && !catalog.FindRelation(source)) {
      return error.WithHint("Perhaps you meant '" + *near + "' instead of '" + source.name + "'.");
    }
    return error;
  }
  auto near = catalog.NearestTarget(source, embed.target, kSimilarTarget);
  if (!near || *near == embed.target) return error;
  return error.WithHint("Perhaps you meant '" + *near + "' instead of '" + embed.target + "'.");
}

}  // namespace

Result<catalog::Relationship> FindRelationship(const catalog::Catalog& catalog, const catalog::QualifiedName& source,
                                               const std::string& schema, const rest::SelectEmbed& embed,
                                               std::string_view role) {
  std::vector<const Relationship*> found;
  for (const Relationship& r : catalog.RelationshipsFrom(source)) {
    if (!r.audience.Includes(role)) continue;
    const bool reachable = r.target.schema == schema || r.function.has_value();
    if (reachable && Fits(r, embed.target, embed.hint)) found.push_back(&r);
  }
  // A computed relationship stands for every detected one of its name.
  auto computed =
      std::find_if(found.begin(), found.end(), [](const Relationship* r) { return r->function.has_value(); });
  if (computed != found.end()) return Relationship(**computed);
  if (found.empty()) return NotFound(catalog, source, schema, embed);
  if (found.size() > 1) return Ambiguous(found, source.name, embed.target);
  return Relationship(*found.front());
}

}  // namespace pando::plan
