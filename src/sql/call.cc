#include "base/hex.h"
#include "sql/sources.h"

namespace pando::sql {
namespace {

using plan::Call;
using rest::Payload;

constexpr const char* kArguments = "pando_args";
constexpr const char* kResult = "pando_call";

std::string HexBytea(const std::string& bytes) {
  std::string text = "\\x";
  AppendHex(text, bytes);
  return text;
}

void WriteArguments(Writer& out, const Call& call, const Payload& payload) {
  out << "(";
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const plan::CallArgument& argument = call.arguments[i];
    if (i > 0) out << ", ";
    if (argument.variadic) out << "VARIADIC ";
    if (call.source == Call::Source::kRaw) {
      out.Value(argument.sql_type == "bytea" ? HexBytea(payload.text) : payload.text) << "::" << argument.sql_type;
      continue;
    }
    out.Name(argument.name) << " := ";
    if (argument.default_expression) {
      out << *argument.default_expression;
    } else if (argument.text) {
      out.Value(*argument.text) << "::" << argument.sql_type;
    } else {
      out.Column(kArguments, argument.name) << (argument.json_as_text ? "::" + argument.sql_type : "");
    }
  }
  out << ")";
}

bool ReadsJson(const Call& call) { return call.source == Call::Source::kJson && !call.arguments.empty(); }

void WriteJsonArguments(Writer& out, const Call& call, const Payload& payload) {
  out << "pg_catalog.json_to_record(";
  out.Value(payload.text) << "::pg_catalog.json" << (payload.kind == Payload::Kind::kJsonArray ? "->0" : "") << ") AS ";
  out.Name(kArguments) << "(";
  bool first = true;
  for (const plan::CallArgument& argument : call.arguments) {
    if (argument.default_expression) continue;
    if (!first) out << ", ";
    first = false;
    out.Name(argument.name) << " " << (argument.json_as_text ? "pg_catalog.text" : argument.sql_type);
  }
  out << ")";
}

}  // namespace

void WriteCall(Writer& out, const Call& call, const Payload& payload, const plan::Node& node) {
  const catalog::Function& function = *call.function;
  const bool is_set_of_values = !call.table_like && function.returns_set && !function.returns_row;
  if (!call.table_like && !is_set_of_values) {
    // A value, or anonymous records, which FROM takes with a list of their columns only: in the select list.
    out << "SELECT ";
    out.Name(function.name);
    WriteArguments(out, call, payload);
    out << " AS ";
    out.Name(ValueColumn(call));
    if (ReadsJson(call)) {
      out << " FROM ";
      WriteJsonArguments(out, call, payload);
    }
    return;
  }
  out << "SELECT ";
  out.Name(kResult) << ".*";
  if (call.returning_row) {
    // The name alone would be a column's, where the result has such a column.
    out << ", (";
    out.Name(kResult) << ".*)::";
    out.Name(*call.returning_row) << " AS ";
    out.Name(plan::RowColumnOf(node));
  }
  out << " FROM ";
  if (ReadsJson(call)) {
    WriteJsonArguments(out, call, payload);
    out << ", LATERAL ";
  }
  out.Name(function.name);
  WriteArguments(out, call, payload);
  out << " AS ";
  out.Name(kResult);
  // An output without a name would have the alias for its name.
  const bool is_one_output = function.result_columns.size() == 1 && !function.result_relation &&
                             function.result_columns.front().name == ValueColumn(call);
  if (!is_set_of_values && !is_one_output) return;
  out << "(";
  out.Name(ValueColumn(call));
  out << ")";
}

}  // namespace pando::sql
