#include "sql/expressions.h"

#include <algorithm>

namespace pando::sql {
namespace {

using rest::Operator;
using rest::Quantifier;

const char* SymbolOf(Operator op) {
  switch (op) {
    case Operator::kEq:
      return "=";
    case Operator::kNeq:
      return "<>";
    case Operator::kGt:
      return ">";
    case Operator::kGte:
      return ">=";
    case Operator::kLt:
      return "<";
    case Operator::kLte:
      return "<=";
    case Operator::kLike:
      return "LIKE";
    case Operator::kIlike:
      return "ILIKE";
    case Operator::kMatch:
      return "~";
    case Operator::kImatch:
      return "~*";
    case Operator::kIsDistinct:
      return "IS DISTINCT FROM";
    case Operator::kContains:
      return "@>";
    case Operator::kContainedIn:
      return "<@";
    case Operator::kOverlaps:
      return "&&";
    case Operator::kStrictlyLeft:
      return "<<";
    case Operator::kStrictlyRight:
      return ">>";
    case Operator::kNotExtendsRight:
      return "&<";
    case Operator::kNotExtendsLeft:
      return "&>";
    case Operator::kAdjacent:
      return "-|-";
    case Operator::kIn:
    case Operator::kIs:
    case Operator::kFts:
    case Operator::kPlfts:
    case Operator::kPhfts:
    case Operator::kWfts:
      break;
  }
  return "=";
}

const char* QueryFunctionOf(Operator op) {
  switch (op) {
    case Operator::kPlfts:
      return "pg_catalog.plainto_tsquery";
    case Operator::kPhfts:
      return "pg_catalog.phraseto_tsquery";
    case Operator::kWfts:
      return "pg_catalog.websearch_to_tsquery";
    default:
      return "pg_catalog.to_tsquery";
  }
}

const char* KeywordOf(rest::IsValue value) {
  switch (value) {
    case rest::IsValue::kNull:
      return "NULL";
    case rest::IsValue::kNotNull:
      return "NOT NULL";
    case rest::IsValue::kTrue:
      return "TRUE";
    case rest::IsValue::kFalse:
      return "FALSE";
    case rest::IsValue::kUnknown:
      return "UNKNOWN";
  }
  return "NULL";
}

bool IsPattern(Operator op) { return op == Operator::kLike || op == Operator::kIlike; }
bool IsFullText(Operator op) {
  return op == Operator::kFts || op == Operator::kPlfts || op == Operator::kPhfts || op == Operator::kWfts;
}
// A representation parses what is compared; a pattern or a document is not a value of the type.
bool UsesRepresentation(Operator op) {
  return op == Operator::kEq || op == Operator::kNeq || op == Operator::kGt || op == Operator::kGte ||
         op == Operator::kLt || op == Operator::kLte || op == Operator::kIn || op == Operator::kIsDistinct;
}

std::string ArrayLiteral(const std::vector<std::string>& elements) {
  std::string text = "{";
  for (const std::string& element : elements) {
    if (text.size() > 1) text += ',';
    text += '"';
    for (char c : element) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

void WriteIn(Writer& out, const plan::ColumnRef& column, const rest::Operation& operation) {
  if (column.from_text.empty()) {
    out << " = ANY(";
    out.Value(ArrayLiteral(operation.list)) << ")";
    return;
  }
  out << " = ANY(ARRAY[";
  for (size_t i = 0; i < operation.list.size(); ++i) {
    out << (i > 0 ? "," : "") << column.from_text << "(";
    out.Value(operation.list[i]) << ")";
  }
  out << "])";
}

void WriteFullText(Writer& out, std::string_view alias, const plan::ColumnRef& column,
                   const rest::Operation& operation) {
  const auto language = [&] {
    if (operation.language) out.SharedValue(*operation.language) << "::pg_catalog.regconfig, ";
  };
  if (column.is_tsvector) {
    WriteColumn(out, alias, column);
  } else {
    out << "pg_catalog.to_tsvector(";
    language();
    WriteColumn(out, alias, column);
    out << ")";
  }
  out << " @@ " << QueryFunctionOf(operation.op) << "(";
  language();
  out.Value(operation.value) << ")";
}

void WriteOperand(Writer& out, const plan::ColumnRef& column, const rest::Operation& operation) {
  std::string value = operation.value;
  if (IsPattern(operation.op)) std::replace(value.begin(), value.end(), '*', '%');
  if (operation.quantifier != Quantifier::kNone) {
    out << (operation.quantifier == Quantifier::kAny ? "ANY(" : "ALL(");
    out.Value(std::move(value)) << ")";
  } else if (!column.from_text.empty() && UsesRepresentation(operation.op)) {
    out << column.from_text << "(";
    out.Value(std::move(value)) << ")";
  } else {
    out.Value(std::move(value));
  }
}

}  // namespace

void WriteColumn(Writer& out, std::string_view alias, const plan::ColumnRef& column) {
  if (column.to_jsonb) out << "pg_catalog.to_jsonb(";
  if (!column.from_row.empty()) {
    out << "(";
    out.Column(alias, column.from_row) << ").";
    out.Name(column.name);
  } else {
    out.Column(alias, column.name);
  }
  if (column.to_jsonb) out << ")";
  bool of_json = true;
  for (const rest::JsonStep& step : column.path) {
    out << (step.as_text ? "->>" : "->");
    // With its type the operator is the built-in one, whatever a user has made for jsonb and jsonb. Behind ->> no step
    // can follow, and PostgreSQL's message about it is prescribed.
    out.SharedValue(step.key) << (step.is_index ? "::int" : of_json ? "::pg_catalog.text" : "");
    of_json = !step.as_text;
  }
}

void WriteFilter(Writer& out, std::string_view alias, const plan::ColumnRef& column, const rest::Operation& operation) {
  if (operation.negated) out << "NOT (";
  if (operation.op == Operator::kIn && operation.list.empty()) {
    out << "FALSE";
  } else if (IsFullText(operation.op)) {
    WriteFullText(out, alias, column, operation);
  } else {
    WriteColumn(out, alias, column);
    if (operation.op == Operator::kIn) {
      WriteIn(out, column, operation);
    } else if (operation.op == Operator::kIs) {
      out << " IS " << KeywordOf(operation.is);
    } else {
      out << " " << SymbolOf(operation.op) << " ";
      WriteOperand(out, column, operation);
    }
  }
  if (operation.negated) out << ")";
}

}  // namespace pando::sql
