#include "serve/cache_rule.h"

#include <algorithm>

#include "serve/cache_tags.h"

namespace pando::serve {
namespace {

using plan::Condition;
using plan::Node;
using plan::Output;
using rest::Operator;

// An answer of more rows depends on the table.
constexpr int kRowTagsMax = 200;

// Operators of built-in types that read nothing but their operands.
bool IsPlainOperator(Operator op) {
  switch (op) {
    case Operator::kEq:
    case Operator::kNeq:
    case Operator::kGt:
    case Operator::kGte:
    case Operator::kLt:
    case Operator::kLte:
    case Operator::kIn:
    case Operator::kIs:
      return true;
    default:
      return false;
  }
}

// A column of the table itself, as it is.
const catalog::Column* PlainColumn(const Node& node, const plan::ColumnRef& ref) {
  const bool plain = ref.path.empty() && !ref.from_row && !ref.to_jsonb && ref.to_json.empty() && ref.from_text.empty();
  return plain ? node.relation->Get(ref.name) : nullptr;
}

bool IsPlainCondition(const Node& node, const Condition& condition) {
  switch (condition.kind) {
    case Condition::Kind::kFilter: {
      const catalog::Column* column = PlainColumn(node, condition.column);
      // Dates and times take words such as `now` as values.
      return column && IsKeyType(column->type) && IsPlainOperator(condition.operation.op);
    }
    case Condition::Kind::kAnd:
    case Condition::Kind::kOr:
      return std::all_of(condition.children.begin(), condition.children.end(),
                         [&](const Condition& child) { return IsPlainCondition(node, child); });
    case Condition::Kind::kEmbedEmpty:
      return false;
  }
  return false;
}

std::string WhyNot(const plan::Plan& plan, const sql::Statement& statement, const Cacheables& cacheables) {
  const Node& node = plan.read;
  if (plan.action != rest::Action::kRead || plan.call || !node.relation) return "not a read of a table";
  if (node.relation->kind != catalog::Relation::Kind::kTable) return "not a plain table";
  const auto table = cacheables.tables.find(node.relation->oid);
  if (table == cacheables.tables.end()) return "the changes of the table are not published";
  if (!table->second.plain) return "the table has row-level security, parents or children";
  if (plan.footprint.observes != catalog::Observed::kNothing || plan.footprint.leaves_traces) {
    return "what it shows depends on more than the table";
  }
  if (!node.embeds.empty()) return "it embeds";
  if (node.offset > 0 || plan.count != plan::Count::kNone) return "it depends on rows that it does not show";
  if (!statement.shape.flat) return "the database prints it";
  const bool plain_where = std::all_of(node.where.begin(), node.where.end(),
                                       [&](const Condition& condition) { return IsPlainCondition(node, condition); });
  if (!plain_where) return "a filter of it is not plain";
  const bool plain_order = std::all_of(node.order.begin(), node.order.end(), [&](const plan::OrderTerm& term) {
    return !term.embed && PlainColumn(node, term.column);
  });
  return plain_order ? "" : "its order is not plain";
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
    if (!column || column->is_generated || !IsEqualityType(column->type)) continue;
    const std::optional<size_t> parameter = ParameterOf(statement, operation.value);
    if (!parameter) continue;
    const bool is_key = key.size() == 1 && key.front() == column->name;
    if (rule.match && !is_key) continue;
    rule.match = CacheRule::Match{column->name, column->type, *parameter};
    rule.match_is_key = is_key;
  }
}

// Where a column of the table stands in the rows; -1 when it is not shown.
int PlaceOf(const Node& node, const std::string& name) {
  int place = 0;
  for (const Output& output : node.outputs) {
    if (output.kind == Output::Kind::kStar) {
      const int column = node.relation->FindColumn(name);
      return column < 0 ? -1 : place + column;
    }
    if (output.kind != Output::Kind::kColumn) return -1;
    if (output.column.column.name == name && PlainColumn(node, output.column.column) && output.column.cast.empty()) {
      return place;
    }
    ++place;
  }
  return -1;
}

void FindKey(const Node& node, CacheRule& rule) {
  // In the order of the table's columns, as changes tell them.
  for (const catalog::Column& column : node.relation->columns) {
    const std::vector<std::string>& key = node.relation->primary_key;
    if (std::find(key.begin(), key.end(), column.name) == key.end()) continue;
    const int place = PlaceOf(node, column.name);
    if (place < 0 || !IsKeyType(column.type)) {
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
  if (!rule.why_not.empty()) return rule;
  rule.relation = plan.read.relation->oid;
  const CacheableTable& table = cacheables.tables.at(rule.relation);
  rule.visible_from = table.visible_from;
  if (!table.by_key) return rule;
  FindMatch(plan.read, statement, rule);
  FindKey(plan.read, rule);
  return rule;
}

std::vector<cache::Tag> TagsOf(const CacheRule& rule, const std::vector<sql::Parameter>& parameters,
                               const pg::Rows& rows) {
  std::vector<cache::Tag> tags = {WholeTag(rule.relation)};
  const auto depend_on_all = [&] {
    tags.push_back(AnyChangeTag(rule.relation));
    return tags;
  };
  if (!rule.match || rows.size() > kRowTagsMax) return depend_on_all();
  const std::string value = CanonicalValue(rule.match->type, parameters[rule.match->parameter].value_or(""));
  if (value.empty()) return depend_on_all();
  tags.push_back(ColumnTag(rule.relation, rule.match->column));
  tags.push_back(EqualityTag(rule.relation, rule.match->column, value));
  if (rule.match_is_key) {
    const std::string_view key[] = {value};
    tags.push_back(RowTag(rule.relation, key));
    return tags;
  }
  const auto is_missing = [&](int place) { return place >= rows.columns(); };
  if (rule.key_columns.empty() || std::any_of(rule.key_columns.begin(), rule.key_columns.end(), is_missing)) {
    return depend_on_all();
  }
  std::vector<std::string_view> key(rule.key_columns.size());
  for (int row = 0; row < rows.size(); ++row) {
    for (size_t i = 0; i < key.size(); ++i) key[i] = rows.Text(row, rule.key_columns[i]);
    tags.push_back(RowTag(rule.relation, key));
  }
  return tags;
}

}  // namespace pando::serve
