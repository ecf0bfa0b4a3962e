#include "serve/cache_rule.h"

#include <algorithm>

#include "auth/verifier.h"
#include "cache/rules.h"
#include "serve/cache_proof.h"
#include "serve/cache_tags.h"

namespace pando::serve {
namespace {

using cache::Holds;
using cache::Rule;
using plan::Condition;
using plan::Node;
using rest::Operator;

// An answer of more rows depends on the table.
constexpr int kRowTagsMax = 200;

// Method, path, role and search path are in every key, settings of the application are the same for everyone.
constexpr catalog::Observed kNotInKey =
    catalog::Observed::kHeaders | catalog::Observed::kCookies | catalog::Observed::kOther;

// Names for auth::AppendClaims.
std::shared_ptr<const std::vector<std::string>> ClaimsOf(const plan::Plan& plan) {
  if (!catalog::Overlap(plan.footprint.observes, catalog::Observed::kClaims) || !Holds(Rule::kClaims)) return nullptr;
  const catalog::ClaimSet claims = plan.footprint.claims;
  auto names = std::make_shared<std::vector<std::string>>();
  if (claims == catalog::kAllClaims) {
    names->emplace_back(auth::kAllClaims);
    return names;
  }
  const std::vector<std::string>& known = plan.catalog->snapshot().claim_names;
  for (size_t i = 0; i < known.size(); ++i) {
    if (claims >> i & 1) names->push_back(known[i]);
  }
  return names;
}

// Of a table that an answer is of.
Uncacheable WhyNotTable(const catalog::Relation& relation, const Cacheables& cacheables) {
  const auto table = cacheables.tables.find(relation.oid);
  if (table == cacheables.tables.end()) return Uncacheable::kUnpublished;
  return table->second.plain ? Uncacheable::kNo : Uncacheable::kNotPlainTable;
}

Uncacheable WhyNotEmbeds(const Node& node, const Cacheables& cacheables) {
  for (const plan::Embed& embed : node.embeds) {
    Uncacheable why_not = WhyNotEmbed(embed);
    if (why_not == Uncacheable::kNo) why_not = WhyNotTable(*embed.node.relation, cacheables);
    if (why_not != Uncacheable::kNo) return why_not;
  }
  return Uncacheable::kNo;
}

Uncacheable WhyNot(const plan::Plan& plan, const sql::Statement& statement, const Cacheables& cacheables) {
  const Node& node = plan.read;
  if (plan.action != rest::Action::kRead || plan.call || !node.relation) return Uncacheable::kNotATable;
  if (node.relation->kind != catalog::Relation::Kind::kTable) return Uncacheable::kNotATable;
  if (const Uncacheable why = WhyNotTable(*node.relation, cacheables); why != Uncacheable::kNo) return why;
  const catalog::Footprint& footprint = plan.footprint;
  const bool varies = footprint.varies && Holds(Rule::kVaries);
  if (catalog::Overlap(footprint.observes, kNotInKey) || varies || footprint.leaves_traces) {
    return Uncacheable::kObserves;
  }
  if (node.offset > 0 || plan.count != plan::Count::kNone) return Uncacheable::kCounts;
  if (!statement.shape.flat) return Uncacheable::kPrintedByDatabase;
  if (const Uncacheable why = WhyNotPlain(node); why != Uncacheable::kNo) return why;
  return WhyNotEmbeds(node, cacheables);
}

// Where the marks of the values stand, each is one parameter.
std::optional<size_t> ParameterOf(const sql::Statement& statement, const std::string& value) {
  const std::vector<sql::Parameter>& parameters = statement.query.parameters;
  if (std::count(parameters.begin(), parameters.end(), sql::Parameter(value)) != 1) return std::nullopt;
  return static_cast<size_t>(std::find(parameters.begin(), parameters.end(), sql::Parameter(value)) -
                             parameters.begin());
}

// Of the filters, which are all ANDed, the first that says which value a column has; the key's first of all.
void FindMatch(const Node& node, const sql::Statement& statement, CacheRule& rule) {
  const std::vector<std::string>& key = node.relation->primary_key;
  for (const Condition& condition : node.where) {
    const rest::Operation& operation = condition.operation;
    if (condition.kind != Condition::Kind::kFilter || operation.op != Operator::kEq || operation.negated ||
        operation.quantifier != rest::Quantifier::kNone) {
      continue;
    }
    const catalog::Column* column = PlainColumn(node, condition.column);
    if (!column || column->is_generated || column->equates_texts || !IsEqualityType(column->type)) continue;
    const std::optional<size_t> parameter = ParameterOf(statement, operation.value);
    if (!parameter) continue;
    const bool is_key = key.size() == 1 && key.front() == column->name;
    if (rule.match && !is_key) continue;
    rule.match = CacheRule::Match{column->name, column->type, *parameter};
    rule.match_is_key = is_key;
  }
}

void FindKey(const Node& node, CacheRule& rule) {
  for (const catalog::Column* column : KeyColumns(*node.relation)) {
    const int place = PlaceOf(node, column->name);
    if (place < 0 || !IsKeyType(column->type)) {
      rule.key_columns.clear();
      return;
    }
    rule.key_columns.push_back(place);
  }
}

}  // namespace

CacheRule MakeCacheRule(const plan::Plan& plan, const sql::Statement& statement, const Cacheables& cacheables) {
  CacheRule rule;
  rule.why_not = WhyNot(plan, statement, cacheables);
  if (rule.why_not != Uncacheable::kNo) return rule;
  rule.relation = plan.read.relation->oid;
  rule.claims = ClaimsOf(plan);
  const CacheableTable& table = cacheables.tables.at(rule.relation);
  rule.visible_from = table.visible_from;
  if (table.by_key) {
    FindMatch(plan.read, statement, rule);
    FindKey(plan.read, rule);
  }
  const std::string match = rule.match ? rule.match->column : "";
  for (size_t i = 0; i < plan.read.embeds.size(); ++i) {
    const CacheableTable& far = cacheables.tables.at(plan.read.embeds[i].node.relation->oid);
    rule.visible_from = std::max(rule.visible_from, far.visible_from);
    rule.embeds.push_back(MakeEmbedRule(plan.read, i, match, far.by_key));
  }
  return rule;
}

namespace {

// The value by which its rows were chosen; empty when there is none that is known.
std::string MatchValue(const CacheRule& rule, const std::vector<sql::Parameter>& parameters) {
  return rule.match ? CanonicalValue(rule.match->type, parameters[rule.match->parameter].value_or("")) : "";
}

// Of the rows of the table itself. False: it depends on any change of it.
bool AddOwnTags(const CacheRule& rule, const std::string& value, const pg::Rows& rows, std::vector<cache::Tag>& tags) {
  if (value.empty() || rows.size() > kRowTagsMax) return false;
  tags.push_back(ColumnTag(rule.relation, rule.match->column));
  tags.push_back(EqualityTag(rule.relation, rule.match->column, value));
  if (rule.match_is_key) {
    const std::string_view key[] = {value};
    tags.push_back(RowTag(rule.relation, key));
    return true;
  }
  const auto is_missing = [&](int place) { return place >= rows.columns(); };
  if (rule.key_columns.empty() || std::any_of(rule.key_columns.begin(), rule.key_columns.end(), is_missing)) {
    return false;
  }
  std::vector<std::string_view> key(rule.key_columns.size());
  for (int row = 0; row < rows.size(); ++row) {
    for (size_t i = 0; i < key.size(); ++i) key[i] = rows.Text(row, rule.key_columns[i]);
    tags.push_back(RowTag(rule.relation, key));
  }
  return true;
}

}  // namespace

std::vector<cache::Tag> TagsOf(const CacheRule& rule, const std::vector<sql::Parameter>& parameters,
                               const pg::Rows& rows) {
  std::vector<cache::Tag> tags = {WholeTag(rule.relation)};
  const std::string value = MatchValue(rule, parameters);
  if (!AddOwnTags(rule, value, rows, tags)) tags = {WholeTag(rule.relation), AnyChangeTag(rule.relation)};
  if (rule.embeds.empty()) return tags;
  for (const EmbedRule& embed : rule.embeds) AddEmbedTags(embed, value, rows, kRowTagsMax, tags);
  RemoveRepeated(tags);
  return tags;
}

}  // namespace pando::serve
