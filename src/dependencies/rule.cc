#include "dependencies/rule.h"

#include <algorithm>

#include "auth/verifier.h"
#include "cache/rules.h"
#include "catalog/observed.h"
#include "catalog/snapshot.h"
#include "dependencies/proof.h"
#include "dependencies/tags.h"

namespace pando::dependencies {
namespace {

using cache::Holds;
using cache::Rule;
using plan::Condition;
using plan::Node;
using rest::Operator;

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

bool IsTableOrView(const catalog::Relation* relation) {
  using Kind = catalog::Relation::Kind;
  return relation &&
         (relation->kind == Kind::kTable || relation->kind == Kind::kPartitionedTable || relation->kind == Kind::kView);
}

// Why answers that read `relation` may not be stored; kNo if they may.
Uncacheable WhyNotTable(const catalog::Relation& relation, const Cacheables& cacheables) {
  if (catalog::IsNamed(relation.name, cacheables.excluded)) return Uncacheable::kExcluded;
  return cacheables.tables.contains(relation.oid) ? Uncacheable::kNo : Uncacheable::kUnpublished;
}

// Every relation that is looked into is published.
Uncacheable WhyNotEmbed(const plan::Embed& embed, const catalog::Catalog& catalog, const Cacheables& cacheables) {
  if (embed.relationship.function) return Uncacheable::kEmbedJoin;
  if (const auto& junction = embed.relationship.junction) {
    const catalog::Relation* between = catalog.FindRelation(junction->table);
    if (!IsTableOrView(between)) return Uncacheable::kEmbedTable;
    if (const Uncacheable why = WhyNotTable(*between, cacheables); why != Uncacheable::kNo) return why;
  }
  if (!IsTableOrView(embed.node.relation)) return Uncacheable::kEmbedTable;
  return WhyNotTable(*embed.node.relation, cacheables);
}

Uncacheable WhyNotNode(const Node& node, const catalog::Catalog& catalog, const Cacheables& cacheables,
                       std::vector<std::string>& times) {
  if (const Uncacheable why = WhyNotProven(node, times); why != Uncacheable::kNo) return why;
  for (const plan::Embed& embed : node.embeds) {
    Uncacheable why = WhyNotEmbed(embed, catalog, cacheables);
    if (why == Uncacheable::kNo) why = WhyNotNode(embed.node, catalog, cacheables, times);
    if (why != Uncacheable::kNo) return why;
  }
  return Uncacheable::kNo;
}

bool IsProvenForm(const plan::Media& media) {
  using Format = plan::Media::Format;
  const bool is_known =
      media.format == Format::kJson || media.format == Format::kObject || media.format == Format::kCsv;
  return is_known && !media.explain;
}

// `times`: the literals that are dates and times.
Uncacheable WhyNot(const plan::Plan& plan, const sql::Statement& statement, const Cacheables& cacheables,
                   std::vector<std::string>& times) {
  const Node& node = plan.read;
  if (plan.action != rest::Action::kRead || plan.call || !IsTableOrView(node.relation)) return Uncacheable::kNotATable;
  if (const Uncacheable why = WhyNotTable(*node.relation, cacheables); why != Uncacheable::kNo) return why;
  if (DependsOnMore(plan.footprint)) return Uncacheable::kObserves;
  if (plan.count != plan::Count::kNone && plan.count != plan::Count::kExact) return Uncacheable::kCounts;
  if (!IsProvenForm(plan.media) || statement.shape.headers >= 0) return Uncacheable::kForm;
  return WhyNotNode(node, *plan.catalog, cacheables, times);
}

// Where the marks of the values stand, each is one parameter.
std::optional<size_t> ParameterOf(const sql::Statement& statement, const std::string& value) {
  const std::vector<sql::Parameter>& parameters = statement.query.parameters;
  if (std::count(parameters.begin(), parameters.end(), sql::Parameter(value)) != 1) return std::nullopt;
  return static_cast<size_t>(std::find(parameters.begin(), parameters.end(), sql::Parameter(value)) -
                             parameters.begin());
}

// Finds a filter that says which value a column has: one on the key if there is one, else the first. Filters are ANDed.
void FindMatch(const Node& node, const sql::Statement& statement, AnswerRule& rule) {
  const std::vector<const catalog::Column*> key = KeyColumns(*node.relation);
  for (const Condition& condition : node.where) {
    const rest::Operation& operation = condition.operation;
    if (condition.kind != Condition::Kind::kFilter || operation.op != Operator::kEq || operation.negated ||
        operation.quantifier != rest::Quantifier::kNone) {
      continue;
    }
    const catalog::Column* column = PlainColumn(node, condition.column);
    if (!column || column->is_generated || column->equates_texts || !IsEqualityType(column->type)) continue;
    const std::optional<size_t> parameter = ParameterOf(statement, operation.value);
    std::string name = TableColumn(*node.relation, column->name);
    if (!parameter || name.empty()) continue;
    const bool is_key = key.size() == 1 && key.front() == column;
    if (rule.match && !is_key) continue;
    rule.match = AnswerRule::Match{std::move(name), column->name, column->type, *parameter};
    rule.match_is_key = is_key;
  }
}

// False when a literal can neither be judged now nor when its value is known.
bool FindTimes(const std::vector<std::string>& literals, const sql::Statement& statement, AnswerRule& rule) {
  for (const std::string& literal : literals) {
    if (IsPlainTime(literal)) continue;  // part of the shape
    const std::optional<size_t> parameter = ParameterOf(statement, literal);
    if (!parameter) return false;
    rule.times.push_back(*parameter);
  }
  return true;
}

uint64_t VisibleFrom(const EmbedRule& rule, const Cacheables& cacheables) {
  uint64_t from = cacheables.tables.at(rule.relation).visible_from;
  for (const pgtypes::Oid relation : rule.besides) {
    const auto junction = cacheables.tables.find(relation);
    if (junction != cacheables.tables.end()) from = std::max(from, junction->second.visible_from);
  }
  for (const EmbedRule& below : rule.embeds) from = std::max(from, VisibleFrom(below, cacheables));
  return from;
}

void FindKey(const Node& node, AnswerRule& rule) {
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

AnswerRule MakeAnswerRule(const plan::Plan& plan, const sql::Statement& statement, const Cacheables& cacheables) {
  AnswerRule rule;
  std::vector<std::string> times;
  rule.why_not = WhyNot(plan, statement, cacheables, times);
  if (rule.why_not == Uncacheable::kNo && !FindTimes(times, statement, rule)) rule.why_not = Uncacheable::kFilter;
  if (rule.why_not != Uncacheable::kNo) return rule;
  const Node& node = plan.read;
  const CacheableTable& table = cacheables.tables.at(node.relation->oid);
  rule.relation = table.by_key ? TableOf(*node.relation) : node.relation->oid;
  rule.claims = ClaimsOf(plan);
  rule.visible_from = table.visible_from;
  rule.below = table.below;
  // Else the answer depends on rows that it does not show: those before its first, or that it counts or adds up.
  const bool shows_its_rows = statement.shape.flat && node.offset == 0 && plan.count == plan::Count::kNone;
  const bool by_itself = ChoosesByItself(node);
  if (table.by_key && shows_its_rows && by_itself) {
    FindMatch(node, statement, rule);
    FindKey(node, rule);
  }
  // If an embed decides which rows are shown, the embedded rows of the other rows count as well.
  const bool may_follow = statement.shape.flat && by_itself;
  const EmbedTables tables = {*plan.catalog, cacheables};
  const std::string match = rule.match ? rule.match->shown_as : "";
  for (size_t i = 0; i < node.embeds.size(); ++i) {
    rule.embeds.push_back(MakeEmbedRule(node, i, match, may_follow, tables));
    rule.visible_from = std::max(rule.visible_from, VisibleFrom(rule.embeds.back(), cacheables));
  }
  return rule;
}

bool DependsOnMore(const catalog::Footprint& reading) {
  const bool observes = catalog::Overlap(reading.observes, kNotInKey) && Holds(Rule::kObserves);
  const bool varies = reading.varies && Holds(Rule::kVaries);
  return observes || varies || reading.leaves_traces;
}

Uncacheable WhyNotValues(const AnswerRule& rule, const std::vector<sql::Parameter>& parameters) {
  const bool plain = std::all_of(rule.times.begin(), rule.times.end(),
                                 [&](size_t time) { return IsPlainTime(parameters[time].value_or("")); });
  return plain ? Uncacheable::kNo : Uncacheable::kFilter;
}

namespace {

// The value by which its rows were chosen; empty when there is none that is known.
std::string MatchValue(const AnswerRule& rule, const std::vector<sql::Parameter>& parameters) {
  return rule.match ? CanonicalValue(rule.match->type, parameters[rule.match->parameter].value_or("")) : "";
}

// Adds the tags of the rows of the table itself. False: the answer depends on any change of the table.
bool AddOwnTags(const AnswerRule& rule, const std::string& value, const pg::Rows& rows, size_t rows_max,
                std::vector<cache::Tag>& tags) {
  if (value.empty() || static_cast<size_t>(rows.size()) > rows_max) return false;
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

std::vector<cache::Tag> TagsOf(const AnswerRule& rule, const std::vector<sql::Parameter>& parameters,
                               const pg::Rows& rows, size_t rows_max) {
  std::vector<cache::Tag> tags = {WholeTag(rule.relation)};
  const std::string value = MatchValue(rule, parameters);
  if (!AddOwnTags(rule, value, rows, rows_max, tags)) tags = {WholeTag(rule.relation), AnyChangeTag(rule.relation)};
  for (const pgtypes::Oid relation : rule.below) tags.insert(tags.end(), {WholeTag(relation), AnyChangeTag(relation)});
  if (rule.embeds.empty()) return tags;
  for (const EmbedRule& embed : rule.embeds) AddEmbedTags(embed, value, rows, rows_max, tags);
  RemoveRepeated(tags);
  return tags;
}

}  // namespace pando::dependencies
