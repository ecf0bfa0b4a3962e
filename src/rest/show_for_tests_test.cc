#include "rest/show_for_tests.h"

#include <array>

namespace pando::rest {
namespace {

constexpr std::array<const char*, 25> kOperatorTexts = {
    "eq",  "neq",   "gt",    "gte",  "lt", "lte", "like", "ilike", "match", "imatch", "in",  "is", "isdistinct",
    "fts", "plfts", "phfts", "wfts", "cs", "cd",  "ov",   "sl",    "sr",    "nxr",    "nxl", "adj"};
constexpr std::array<const char*, 5> kIsTexts = {"null", "not_null", "true", "false", "unknown"};
constexpr std::array<const char*, 5> kAggregateTexts = {"sum", "avg", "count", "max", "min"};

std::string Show(const SelectColumn& column) {
  std::string text = column.alias ? *column.alias + "=" : "";
  text += column.is_star ? "*" : Show(column.field);
  if (column.cast) text += "::" + *column.cast;
  if (column.aggregate) text += std::string(".") + kAggregateTexts[static_cast<size_t>(*column.aggregate)];
  if (column.aggregate_cast) text += "::" + *column.aggregate_cast;
  return text;
}

std::string Show(const SelectEmbed& embed) {
  std::string text = embed.alias ? *embed.alias + "=" : "";
  if (embed.is_spread) text += "...";
  text += embed.target;
  if (embed.hint) text += "!" + *embed.hint;
  if (embed.join) text += *embed.join == JoinKind::kInner ? "!inner" : "!left";
  return text + "(" + Show(embed.select) + ")";
}

}  // namespace

std::string Show(const EmbedPath& path) {
  std::string text;
  for (const std::string& name : path) text += name + "/";
  return text;
}

std::string Show(const Field& field) {
  std::string text = field.name;
  for (const JsonStep& step : field.path) {
    text += step.as_text ? ">>" : ">";
    if (step.is_index) text += '#';
    text += step.key;
  }
  return text;
}

std::string Show(const Operation& operation) {
  std::string text = operation.negated ? "not " : "";
  text += kOperatorTexts.at(static_cast<size_t>(operation.op));
  if (operation.quantifier == Quantifier::kAny) text += "(any)";
  if (operation.quantifier == Quantifier::kAll) text += "(all)";
  if (operation.language) text += "(" + *operation.language + ")";
  if (operation.op == Operator::kIs) return text + " " + kIsTexts.at(static_cast<size_t>(operation.is));
  if (operation.op != Operator::kIn) return text + " [" + operation.value + "]";
  for (const std::string& element : operation.list) text += " [" + element + "]";
  return text;
}

std::string Show(const Filter& filter) { return Show(filter.field) + " " + Show(filter.operation); }

std::string Show(const Logic& logic) {
  if (logic.kind == Logic::Kind::kFilter) return Show(logic.filter);
  std::string text = logic.negated ? "not " : "";
  text += logic.kind == Logic::Kind::kAnd ? "and(" : "or(";
  for (size_t i = 0; i < logic.children.size(); ++i) text += (i > 0 ? ", " : "") + Show(logic.children[i]);
  return text + ")";
}

std::string Show(const std::vector<SelectItem>& items) {
  std::string text;
  for (const SelectItem& item : items) {
    if (!text.empty()) text += ", ";
    text += std::visit([](const auto& it) { return Show(it); }, item.value);
  }
  return text;
}

std::string Show(const std::vector<OrderTerm>& terms) {
  std::string text;
  for (const OrderTerm& term : terms) {
    if (!text.empty()) text += ", ";
    text += term.relation ? *term.relation + "(" + Show(term.field) + ")" : Show(term.field);
    if (term.direction) text += *term.direction == Direction::kAsc ? " asc" : " desc";
    if (term.nulls) text += *term.nulls == Nulls::kFirst ? " nullsfirst" : " nullslast";
  }
  return text;
}

std::string Show(const Window& window) {
  return (window.limit ? std::to_string(*window.limit) : "all") + "@" + std::to_string(window.offset);
}

}  // namespace pando::rest
