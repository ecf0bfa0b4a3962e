#include "introspect/function_reader.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include "catalog/snapshot.h"
#include "introspect/computed_reader.h"
#include "introspect/footprint_rules.h"
#include "introspect/row.h"
#include "pgtypes/oid.h"

namespace pando::introspect {
namespace {

using catalog::Argument;
using catalog::Column;
using catalog::Function;

using pgtypes::oid::kAnyElement;
using pgtypes::oid::kRecord;
using pgtypes::oid::kVoid;

// bytea, text, json, xml, jsonb: what a request body can be as a whole.
constexpr std::array<Oid, 5> kBodyTypes = {17, 25, 114, 142, 3802};
// Settings of a function that must hold before its statement begins.
constexpr std::array<std::string_view, 3> kHoistedSettings = {"statement_timeout", "default_transaction_isolation",
                                                              "plan_filter.statement_cost_limit"};

// Arguments without a name cannot be given by name: none may lack one, but for a single one that takes the whole body.
bool IsCallable(const Function& function) {
  const auto unnamed = std::count_if(function.arguments.begin(), function.arguments.end(),
                                     [](const Argument& argument) { return argument.name.empty(); });
  if (unnamed == 0) return true;
  return unnamed == 1 &&
         std::find(kBodyTypes.begin(), kBodyTypes.end(), function.arguments[0].type) != kBodyTypes.end();
}

// As PostgreSQL names outputs without a name (documentation, 38.5.4): a single one after the function.
void NameOutputs(Function& function) {
  const bool is_single = function.result_columns.size() == 1;
  for (size_t i = 0; i < function.result_columns.size(); ++i) {
    std::string& name = function.result_columns[i].name;
    if (name.empty()) name = is_single ? function.name.name : "column" + std::to_string(i + 1);
  }
}

class Reader {
 public:
  Reader(const FunctionContext& context, catalog::Snapshot& snapshot)
      : context_(context), snapshot_(snapshot), computed_(context, snapshot) {}

  void Run();

 private:
  void IndexArguments();
  void IndexSettings();
  void ReadFunction(const Row& row);
  void ReadArguments(const Row& row, Function& function) const;
  void ReadResult(const Row& row, Function& function) const;
  void ReadHandlers();
  void ReadPreRequest();

  const FunctionContext& context_;
  catalog::Snapshot& snapshot_;
  ComputedReader computed_;
  std::unordered_map<Oid, std::vector<int>> argument_rows_;
  std::unordered_map<Oid, std::vector<std::pair<std::string, std::string>>> settings_;
};

void Reader::Run() {
  IndexArguments();
  IndexSettings();
  ForEachRow(context_.answers[Query::kFunctions], [&](const Row& row) { ReadFunction(row); });
  computed_.Finish();
  ReadHandlers();
  ReadPreRequest();
}

void Reader::IndexArguments() {
  const pg::Rows& rows = context_.answers[Query::kArguments];
  for (int i = 0; i < rows.size(); ++i) argument_rows_[Row(rows, i).OidAt(0)].push_back(i);
}

void Reader::IndexSettings() {
  ForEachRow(context_.answers[Query::kFunctionSettings], [&](const Row& row) {
    const std::string_view setting = row.View(1);
    const size_t equals = setting.find('=');
    if (equals == std::string_view::npos) return;
    const std::string_view name = setting.substr(0, equals);
    if (std::find(kHoistedSettings.begin(), kHoistedSettings.end(), name) == kHoistedSettings.end()) return;
    settings_[row.OidAt(0)].emplace_back(name, setting.substr(equals + 1));
  });
}

void Reader::ReadFunction(const Row& row) {
  Function function;
  function.oid = row.OidAt(0);
  function.audience = context_.extensions.AudienceOf(function.oid);
  if (function.audience.is_empty()) return;
  function.name = {row.Text(1), row.Text(2)};
  function.volatility = VolatilityOf(row.Char(4));
  function.returns_set = row.IsTrue(5);
  function.comment = row.TextOrNull(11);
  function.footprint = context_.footprints.Of(Use::kCall, function.oid);
  const auto settings = settings_.find(function.oid);
  if (settings != settings_.end()) function.settings = settings->second;
  ReadArguments(row, function);
  ReadResult(row, function);
  const int rows_estimated = row.Int(6);
  computed_.Consider(function, rows_estimated);
  const bool is_exposed = row.IsTrue(3);
  if (is_exposed && IsCallable(function)) snapshot_.functions.push_back(std::move(function));
}

// Inputs become arguments; outputs become columns of the result; INOUT is both.
void Reader::ReadArguments(const Row& row, Function& function) const {
  const auto found = argument_rows_.find(function.oid);
  if (found == argument_rows_.end()) return;
  const int inputs_required = row.Int(8) - row.Int(9);
  for (const int index : found->second) {
    const Row argument_row(context_.answers[Query::kArguments], index);
    const char mode = argument_row.Char(3);
    if (mode == 'o' || mode == 'b' || mode == 't') {
      Column& column = function.result_columns.emplace_back();
      column.name = argument_row.Text(1);
      column.type = argument_row.OidAt(2);
      column.sql_type = argument_row.Text(4);
    }
    if (mode == 'o' || mode == 't') continue;
    Argument& argument = function.arguments.emplace_back();
    argument.name = argument_row.Text(1);
    argument.type = argument_row.OidAt(2);
    argument.sql_type = argument_row.Text(4);
    argument.required = static_cast<int>(function.arguments.size()) <= inputs_required;
    argument.variadic = mode == 'v';
    argument.default_expression = argument_row.TextOrNull(5);
  }
  NameOutputs(function);
}

void Reader::ReadResult(const Row& row, Function& function) const {
  function.result_type = row.OidAt(7);
  function.returns_void = function.result_type == kVoid;
  if (!function.returns_set) function.media_type = context_.types.MediaTypeOf(function.result_type);
  const Oid base = context_.types.BaseOf(function.result_type);
  const catalog::Type* type = context_.types.Find(base);
  const bool is_composite = type && type->kind == catalog::Type::Kind::kComposite;
  function.returns_row = is_composite || base == kRecord || !function.result_columns.empty();
  if (!is_composite) return;
  function.result_is_alias_of_composite = base != function.result_type;
  const RelationRecord* record = context_.relations.Find(type->relation);
  if (!record) return;
  if (record->is_loaded) {
    function.result_relation = record->relation.name;
  } else {
    function.result_columns = record->relation.columns;
  }
}

void Reader::ReadHandlers() {
  ForEachRow(context_.answers[Query::kAggregateHandlers], [&](const Row& row) {
    const std::optional<std::string> media_type = context_.types.MediaTypeOf(row.OidAt(3));
    if (!media_type) return;
    catalog::MediaHandler handler;
    handler.audience = context_.extensions.AudienceOf(row.OidAt(0));
    if (handler.audience.is_empty()) return;
    handler.media_type = *media_type;
    handler.function = {row.Text(1), row.Text(2)};
    handler.footprint = context_.footprints.Of(Use::kCall, row.OidAt(0));
    const Oid argument = row.OidAt(4);
    if (argument != kAnyElement) {
      const catalog::Type* type = context_.types.Find(argument);
      const RelationRecord* record = type ? context_.relations.Find(type->relation) : nullptr;
      if (!record || !record->is_loaded) return;
      handler.relation = record->relation.name;
    }
    snapshot_.media_handlers.push_back(std::move(handler));
  });
}

// Of several functions that the name fits, any may be the one: the worst counts.
void Reader::ReadPreRequest() {
  const pg::Rows& rows = context_.answers[Query::kPreRequest];
  const bool is_configured = !context_.options.pre_request.empty();
  snapshot_.pre_request = is_configured && rows.size() == 0 ? kUnknown : kHarmless;
  ForEachRow(rows, [&](const Row& row) { snapshot_.pre_request |= context_.footprints.Of(Use::kCall, row.OidAt(0)); });
}

}  // namespace

void ReadFunctions(const FunctionContext& context, catalog::Snapshot& snapshot) { Reader(context, snapshot).Run(); }

}  // namespace pando::introspect
