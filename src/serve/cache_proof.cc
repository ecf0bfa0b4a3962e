#include "serve/cache_proof.h"

#include <algorithm>

#include "serve/cache_tags.h"

namespace pando::serve {
namespace {

using plan::Condition;
using plan::Node;
using plan::Output;
using rest::Operator;

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

// How many columns of the answer's rows it takes.
int PlacesOf(const Node& node, const Output& output) {
  return output.kind == Output::Kind::kStar ? static_cast<int>(node.relation->columns.size()) : 1;
}

}  // namespace

const catalog::Column* PlainColumn(const Node& node, const plan::ColumnRef& ref) {
  const bool plain = ref.path.empty() && !ref.from_row && !ref.to_jsonb && ref.to_json.empty() && ref.from_text.empty();
  return plain ? node.relation->Get(ref.name) : nullptr;
}

Uncacheable WhyNotPlain(const Node& node) {
  const bool plain_where = std::all_of(node.where.begin(), node.where.end(),
                                       [&](const Condition& condition) { return IsPlainCondition(node, condition); });
  if (!plain_where) return Uncacheable::kFilter;
  const bool plain_order = std::all_of(node.order.begin(), node.order.end(), [&](const plan::OrderTerm& term) {
    return !term.embed && PlainColumn(node, term.column);
  });
  return plain_order ? Uncacheable::kNo : Uncacheable::kOrder;
}

int PlaceOf(const Node& node, const std::string& name) {
  int place = 0;
  for (const Output& output : node.outputs) {
    if (output.kind == Output::Kind::kStar) {
      if (const int column = node.relation->FindColumn(name); column >= 0) return place + column;
    } else if (output.kind == Output::Kind::kColumn) {
      const plan::ColumnOutput& shown = output.column;
      const bool is_plain = PlainColumn(node, shown.column) && shown.cast.empty() && !shown.aggregate;
      if (is_plain && shown.column.name == name) return place;
    }
    place += PlacesOf(node, output);
  }
  return -1;
}

int PlaceOfEmbed(const Node& node, size_t embed) {
  int place = 0;
  for (const Output& output : node.outputs) {
    if (output.kind == Output::Kind::kEmbed && output.embed == embed) return place;
    place += PlacesOf(node, output);
  }
  return -1;
}

std::vector<const catalog::Column*> KeyColumns(const catalog::Relation& relation) {
  const std::vector<std::string>& key = relation.primary_key;
  std::vector<const catalog::Column*> columns;
  for (const catalog::Column& column : relation.columns) {
    if (std::find(key.begin(), key.end(), column.name) != key.end()) columns.push_back(&column);
  }
  return columns;
}

}  // namespace pando::serve
