#include "dependencies/proof.h"

#include <algorithm>
#include <iterator>

#include "base/ascii.h"
#include "dependencies/tags.h"
#include "pgtypes/oid.h"

namespace pando::dependencies {
namespace {

namespace oid = pgtypes::oid;

using plan::Condition;
using plan::Node;
using plan::Output;
using rest::Operator;

// What a filter compares. The operators of these types are PostgreSQL's own and IMMUTABLE: a literal has the type of
// the column beside it, and for that pg_catalog has the operator, which is looked for there first.
enum class Operand { kOther, kKey, kTime, kJson, kArray, kFullText };

Operand OperandOf(pgtypes::Oid type) {
  switch (type) {
    case oid::kDate:
    case oid::kTimestamp:
    case oid::kTimestamptz:
      return Operand::kTime;
    case oid::kJson:
    case oid::kJsonb:
      return Operand::kJson;
    case oid::kInt2Array:
    case oid::kInt4Array:
    case oid::kInt8Array:
    case oid::kTextArray:
    case oid::kUuidArray:
      return Operand::kArray;
    case oid::kTsvector:
      return Operand::kFullText;
    case oid::kFloat4:
    case oid::kFloat8:
    case oid::kBpchar:
      return Operand::kKey;
    default:
      return IsKeyType(type) ? Operand::kKey : Operand::kOther;
  }
}

// With a path, what is compared is a text or JSON.
Operand OperandOf(const Node& node, const plan::ColumnRef& ref) {
  if (!ref.from_row.empty() || ref.to_jsonb || !ref.to_json.empty() || !ref.from_text.empty()) return Operand::kOther;
  const catalog::Column* column = node.relation->Get(ref.name);
  if (!column) return Operand::kOther;
  const Operand operand = OperandOf(column->type);
  if (ref.path.empty()) return operand;
  if (operand != Operand::kJson) return Operand::kOther;
  return ref.path.back().as_text ? Operand::kKey : Operand::kJson;
}

bool IsComparison(Operator op) {
  switch (op) {
    case Operator::kEq:
    case Operator::kNeq:
    case Operator::kGt:
    case Operator::kGte:
    case Operator::kLt:
    case Operator::kLte:
    case Operator::kIn:
    case Operator::kIs:
    case Operator::kIsDistinct:
      return true;
    default:
      return false;
  }
}

bool IsPattern(Operator op) {
  return op == Operator::kLike || op == Operator::kIlike || op == Operator::kMatch || op == Operator::kImatch;
}

// The configuration of a full-text search is the database's or the role's where none is named; to change what one does
// is a change of the schema.
bool IsFullText(Operator op) {
  return op == Operator::kFts || op == Operator::kPlfts || op == Operator::kPhfts || op == Operator::kWfts;
}

bool IsSetOperator(Operator op) {
  return op == Operator::kContains || op == Operator::kContainedIn || op == Operator::kOverlaps;
}

bool IsProvenFilter(const Node& node, const Condition& condition, std::vector<std::string>& times) {
  const rest::Operation& operation = condition.operation;
  switch (OperandOf(node, condition.column)) {
    case Operand::kOther:
      return operation.op == Operator::kIs && PlainColumn(node, condition.column);
    case Operand::kKey:
      return IsComparison(operation.op) || IsPattern(operation.op) || IsFullText(operation.op);
    case Operand::kTime:
      if (operation.quantifier != rest::Quantifier::kNone || !IsComparison(operation.op)) return false;
      if (operation.op == Operator::kIs) return true;
      if (operation.op == Operator::kIn) {
        return std::all_of(operation.list.begin(), operation.list.end(), IsPlainTime);
      }
      times.push_back(operation.value);
      return true;
    case Operand::kJson:
    case Operand::kArray:
      return IsComparison(operation.op) || IsSetOperator(operation.op);
    case Operand::kFullText:
      return IsFullText(operation.op) || operation.op == Operator::kIs;
  }
  return false;
}

bool IsProvenCondition(const Node& node, const Condition& condition, std::vector<std::string>& times) {
  switch (condition.kind) {
    case Condition::Kind::kFilter:
      return IsProvenFilter(node, condition, times);
    case Condition::Kind::kAnd:
    case Condition::Kind::kOr:
      return std::all_of(condition.children.begin(), condition.children.end(),
                         [&](const Condition& child) { return IsProvenCondition(node, child, times); });
    case Condition::Kind::kEmbedEmpty:
      return true;
  }
  return false;
}

// By a column of the embedded row where there is an `embed`; what that one shows is looked at with its node.
bool IsProvenOrder(const Node& node, const plan::OrderTerm& term) {
  if (term.by_output) return true;
  const Node& of = term.embed ? node.embeds[*term.embed].node : node;
  return of.relation && (PlainColumn(of, term.column) || OperandOf(of, term.column) != Operand::kOther);
}

// Casts whose result is one for each value, under one TimeZone.
bool IsProvenCast(std::string_view type) {
  static constexpr std::string_view kTypes[] = {"text",    "character varying", "smallint", "integer", "bigint",
                                                "numeric", "double precision",  "boolean",  "uuid",    "jsonb"};
  return type.empty() || std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

bool IsProvenOutput(const Node& node, const Output& output) {
  if (output.kind != Output::Kind::kColumn) return true;
  const plan::ColumnOutput& shown = output.column;
  if (!IsProvenCast(shown.cast) || !IsProvenCast(shown.aggregate_cast)) return false;
  if (shown.is_count_star) return true;
  const Operand operand = OperandOf(node, shown.column);
  const bool is_as_it_is = !shown.aggregate && shown.cast.empty();
  return operand != Operand::kOther || (is_as_it_is && PlainColumn(node, shown.column));
}

bool LooksAtEmbed(const Condition& condition) {
  return condition.kind == Condition::Kind::kEmbedEmpty ||
         std::any_of(condition.children.begin(), condition.children.end(), LooksAtEmbed);
}

bool IsDigits(std::string_view text, size_t begin, size_t count) {
  if (text.size() < begin + count) return false;
  return std::all_of(text.begin() + static_cast<ptrdiff_t>(begin), text.begin() + static_cast<ptrdiff_t>(begin + count),
                     IsDigit);
}

// "hh:mm" or "hh:mm:ss", taken off the front of `text`.
bool TakeClock(std::string_view& text) {
  if (!IsDigits(text, 0, 2) || !IsDigits(text, 3, 2) || text[2] != ':') return false;
  text.remove_prefix(5);
  if (!text.starts_with(':')) return true;
  if (!IsDigits(text, 1, 2)) return false;
  text.remove_prefix(3);
  if (!text.starts_with('.')) return true;
  text.remove_prefix(1);
  if (text.empty() || !IsDigit(text.front())) return false;
  while (!text.empty() && IsDigit(text.front())) text.remove_prefix(1);
  return true;
}

// How many columns of the answer's rows it takes.
int PlacesOf(const Node& node, const Output& output) {
  return output.kind == Output::Kind::kStar ? static_cast<int>(node.relation->columns.size()) : 1;
}

bool AreEmpty(const std::vector<std::string>& texts) {
  return std::all_of(texts.begin(), texts.end(), [](const std::string& text) { return text.empty(); });
}

}  // namespace

const catalog::Column* PlainColumn(const Node& node, const plan::ColumnRef& ref) {
  const bool plain =
      ref.path.empty() && ref.from_row.empty() && !ref.to_jsonb && ref.to_json.empty() && ref.from_text.empty();
  return plain ? node.relation->Get(ref.name) : nullptr;
}

Uncacheable WhyNotProven(const Node& node, std::vector<std::string>& times) {
  const auto proven_where = [&](const Condition& condition) { return IsProvenCondition(node, condition, times); };
  if (!std::all_of(node.where.begin(), node.where.end(), proven_where)) return Uncacheable::kFilter;
  const auto proven_order = [&](const plan::OrderTerm& term) { return IsProvenOrder(node, term); };
  if (!std::all_of(node.order.begin(), node.order.end(), proven_order)) return Uncacheable::kOrder;
  const auto proven_output = [&](const Output& output) { return IsProvenOutput(node, output); };
  const bool proven = std::all_of(node.outputs.begin(), node.outputs.end(), proven_output) &&
                      (!node.star_is_listed || AreEmpty(node.star_to_json));
  return proven ? Uncacheable::kNo : Uncacheable::kOutput;
}

bool IsPlainTime(std::string_view text) {
  constexpr size_t kDateSize = 10;  // yyyy-mm-dd
  if (!IsDigits(text, 0, 4) || !IsDigits(text, 5, 2) || !IsDigits(text, 8, 2) || text[4] != '-' || text[7] != '-') {
    return false;
  }
  text.remove_prefix(kDateSize);
  if (text.empty()) return true;
  if (text.front() != 'T' && text.front() != ' ') return false;
  text.remove_prefix(1);
  if (!TakeClock(text)) return false;
  if (text.empty() || text == "Z") return true;
  if (text.front() != '+' && text.front() != '-') return false;
  text.remove_prefix(1);
  if (text.size() == 2) return IsDigits(text, 0, 2);
  return TakeClock(text) && text.empty();
}

bool ChoosesByItself(const Node& node) {
  return std::none_of(node.where.begin(), node.where.end(), LooksAtEmbed) &&
         std::none_of(node.order.begin(), node.order.end(), [](const plan::OrderTerm& term) { return term.embed; });
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

pgtypes::Oid TableOf(const catalog::Relation& relation) {
  return relation.one_for_one ? relation.one_for_one->table : relation.oid;
}

std::string TableColumn(const catalog::Relation& relation, std::string_view column) {
  if (!relation.one_for_one) return std::string(column);
  const int place = relation.FindColumn(column);
  return place < 0 ? "" : relation.one_for_one->columns[static_cast<size_t>(place)];
}

std::vector<const catalog::Column*> KeyColumns(const catalog::Relation& relation) {
  std::vector<const catalog::Column*> columns;
  if (relation.one_for_one) {
    for (const std::string& name : relation.one_for_one->key) columns.push_back(relation.Get(name));
    return columns;
  }
  const std::vector<std::string>& key = relation.primary_key;
  for (const catalog::Column& column : relation.columns) {
    if (std::find(key.begin(), key.end(), column.name) != key.end()) columns.push_back(&column);
  }
  return columns;
}

}  // namespace pando::dependencies
