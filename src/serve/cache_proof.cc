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

}  // namespace

const catalog::Column* PlainColumn(const Node& node, const plan::ColumnRef& ref) {
  const bool plain = ref.path.empty() && !ref.from_row && !ref.to_jsonb && ref.to_json.empty() && ref.from_text.empty();
  return plain ? node.relation->Get(ref.name) : nullptr;
}

std::string WhyNotPlain(const Node& node) {
  const bool plain_where = std::all_of(node.where.begin(), node.where.end(),
                                       [&](const Condition& condition) { return IsPlainCondition(node, condition); });
  if (!plain_where) return "a filter of it is not plain";
  const bool plain_order = std::all_of(node.order.begin(), node.order.end(), [&](const plan::OrderTerm& term) {
    return !term.embed && PlainColumn(node, term.column);
  });
  return plain_order ? "" : "its order is not plain";
}

int PlaceOf(const Node& node, const std::string& name) {
  int place = 0;
  for (const Output& output : node.outputs) {
    switch (output.kind) {
      case Output::Kind::kStar:
        if (const int column = node.relation->FindColumn(name); column >= 0) return place + column;
        place += static_cast<int>(node.relation->columns.size());
        break;
      case Output::Kind::kColumn:
        if (output.column.column.name == name && PlainColumn(node, output.column.column) &&
            output.column.cast.empty() && !output.column.aggregate) {
          return place;
        }
        ++place;
        break;
      case Output::Kind::kEmbed:
        ++place;
        break;
    }
  }
  return -1;
}

}  // namespace pando::serve
