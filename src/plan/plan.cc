#include "plan/plan.h"

#include <algorithm>

#include "plan/functions.h"
#include "plan/media.h"
#include "plan/mutations.h"
#include "plan/tree.h"
#include "rest/utf8.h"

namespace pando::plan {
namespace {

using rest::Action;

Result<const catalog::Relation*> FindRelation(const rest::Request& request, const catalog::Catalog& catalog) {
  if (const catalog::Relation* relation = catalog.FindRelation(request.schema, request.name)) return relation;
  constexpr double kSimilarEnough = 0.75;
  Error error(ErrorId::kRelationNotFound,
              "Could not find the table '" + request.schema + "." + request.name + "' in the schema cache");
  auto near = catalog.NearestRelation(request.schema, request.name, kSimilarEnough);
  if (near) return error.WithHint("Perhaps you meant the table '" + request.schema + "." + *near + "'");
  return error;
}

Result<void> CheckPreferences(const rest::Request& request, const Plan& plan) {
  if (request.preferences.handling != rest::PreferHandling::kStrict) return {};
  if (!request.preferences.invalid.empty()) {
    std::string list;
    for (const std::string& name : request.preferences.invalid) list += (list.empty() ? "" : ", ") + name;
    return Error(ErrorId::kInvalidPreferences, "Invalid preferences given with handling=strict")
        .WithDetail("Invalid preferences: " + list);
  }
  if (request.preferences.max_affected && plan.call && !plan.call->function->returns_set) {
    return Error(ErrorId::kMaxAffectedScalar,
                 "Function must return SETOF or TABLE when max-affected preference is used with handling=strict");
  }
  return {};
}

Count CountOf(const rest::Preferences& preferences) {
  if (!preferences.count) return Count::kNone;
  switch (*preferences.count) {
    case rest::PreferCount::kExact:
      return Count::kExact;
    case rest::PreferCount::kPlanned:
      return Count::kPlanned;
    case rest::PreferCount::kEstimated:
      return Count::kEstimated;
  }
  return Count::kNone;
}

Result<void> PlanRead(const rest::Request& request, const PlanOptions& options, Plan& plan) {
  PANDO_TRY(plan.read.relation, FindRelation(request, *plan.catalog));
  plan.read.name = plan.read.relation->name;
  plan.read.columns = &plan.read.relation->columns;
  plan.read_only = true;
  plan.footprint |= plan.read.relation->reading;
  TreeBuilder tree(*plan.catalog, request.schema, options, plan);
  PANDO_CHECK(tree.Build(plan.read, request.query, true));
  if (options.max_rows) CapRows(plan.read, *options.max_rows);
  return {};
}

Result<void> PlanWrite(const rest::Request& request, const PlanOptions& options, Plan& plan) {
  PANDO_TRY(const catalog::Relation* relation, FindRelation(request, *plan.catalog));
  plan.read.relation = relation;
  plan.read.name = relation->name;
  plan.read.columns = &relation->columns;
  plan.read.from_source = true;
  plan.representation = request.preferences.return_ == rest::PreferReturn::kRepresentation;
  TreeBuilder tree(*plan.catalog, request.schema, options, plan);
  PANDO_CHECK(tree.Build(plan.read, request.query, false));
  // An answer without rows runs none of what the select list names.
  if (!plan.representation) plan.footprint = catalog::kNoFootprint;
  plan.footprint |= relation->writing;
  // Conditions, RETURNING and upserts read as well.
  plan.footprint |= relation->reading;

  PANDO_TRY(plan.mutation, MakeMutation(request, *relation, *plan.catalog));
  if (request.action == Action::kUpdate || request.action == Action::kDelete) {
    Node target;
    target.relation = relation;
    target.name = relation->name;
    target.columns = &relation->columns;
    PANDO_TRY(plan.mutation->where, tree.RootConditions(target, request.query));
  }
  if (plan.representation) AddReturning(*plan.mutation, plan.read);
  return {};
}

bool NeedsRow(const Node& root) {
  const auto from_row = [](const ColumnRef& column) { return !column.from_row.empty(); };
  for (const Output& output : root.outputs) {
    if (output.kind == Output::Kind::kColumn && from_row(output.column.column)) return true;
  }
  for (const OrderTerm& term : root.order) {
    if (from_row(term.column)) return true;
  }
  for (const Embed& embed : root.embeds) {
    if (embed.relationship.function) return true;
  }
  const auto in_condition = [&](const auto& self, const Condition& c) -> bool {
    return from_row(c.column) ||
           std::any_of(c.children.begin(), c.children.end(), [&](const Condition& child) { return self(self, child); });
  };
  return std::any_of(root.where.begin(), root.where.end(),
                     [&](const Condition& condition) { return in_condition(in_condition, condition); });
}

Error NoColumns(const catalog::Function& function, std::string why, std::string hint) {
  return Error(ErrorId::kNotHonoured, "the result of the function " + function.name.name + " " + std::move(why))
      .WithHint(std::move(hint));
}

bool SelectsValues(const rest::Query& query, const catalog::Function& function) {
  return std::all_of(query.select.begin(), query.select.end(), [&](const rest::SelectItem& item) {
    const auto* column = std::get_if<rest::SelectColumn>(&item.value);
    if (!column) return false;
    const bool is_plain = !column->alias && !column->cast && !column->aggregate && column->field.path.empty();
    return column->is_star || (is_plain && column->field.name == function.name.name);
  });
}

Result<void> CheckValues(const rest::Query& query, const catalog::Function& function) {
  const bool chooses = !query.filters.empty() || !query.logic.empty() || !query.order.empty();
  if (function.returns_void && (chooses || !query.windows.empty())) {
    return NoColumns(function, "is void: there are no rows to filter, order or limit", "Leave out these parameters.");
  }
  if (function.returns_row && chooses) {
    return NoColumns(function, "is a record whose columns are not known, and cannot be filtered or ordered",
                     "Name the columns by RETURNS TABLE (...) or OUT parameters.");
  }
  if (SelectsValues(query, function)) return {};
  return NoColumns(function, "has no columns to select from", "Leave out \"select\".");
}

// Values have one column, which has the function's name, as in PostgreSQL's FROM.
Result<void> PlanValues(const rest::Request& request, const PlanOptions& options, Plan& plan) {
  const catalog::Function& function = *plan.call->function;
  PANDO_CHECK(CheckValues(request.query, function));
  if (function.returns_void) return {};
  plan.read.columns = &function.value_column;
  rest::Query query = request.query;
  query.select.clear();
  TreeBuilder tree(*plan.catalog, request.schema, options, plan);
  PANDO_CHECK(tree.Build(plan.read, query, true));
  // A value is shown as it is, whatever a domain says of how its columns are shown.
  plan.read.star_to_json.clear();
  plan.read.star_is_listed = false;
  if (options.max_rows && function.returns_set) CapRows(plan.read, *options.max_rows);
  return {};
}

// A window may let a function yield no row at all, or, where its rows come one by one, end before its last.
bool MayStopEarly(const Plan& plan) {
  const catalog::Function& function = *plan.call->function;
  const bool comes_one_by_one = function.returns_set && function.returns_row && !plan.call->table_like;
  return plan.read.limit && (*plan.read.limit == 0 || comes_one_by_one);
}

bool LimitsAffected(const rest::Preferences& preferences) {
  return preferences.handling == rest::PreferHandling::kStrict && preferences.max_affected;
}

Result<void> PlanCall(const rest::Request& request, const PlanOptions& options, Plan& plan) {
  PANDO_TRY(plan.call, FindFunction(request, *plan.catalog, plan.role));
  const catalog::Function& function = *plan.call->function;
  plan.footprint |= function.footprint;
  plan.read_only = request.method != "POST" || function.volatility != catalog::Function::Volatility::kVolatile;
  plan.read.from_source = true;
  plan.read.name = function.name;
  if (function.result_relation) {
    plan.read.relation = plan.catalog->FindRelation(*function.result_relation);
    if (plan.read.relation) plan.read.columns = &plan.read.relation->columns;
  }
  if (!plan.read.columns && !function.result_columns.empty()) plan.read.columns = &function.result_columns;
  if (!plan.call->table_like) return PlanValues(request, options, plan);
  TreeBuilder tree(*plan.catalog, request.schema, options, plan);
  PANDO_CHECK(tree.Build(plan.read, request.query, true));
  if (options.max_rows && function.returns_set) CapRows(plan.read, *options.max_rows);
  if (NeedsRow(plan.read)) plan.call->returning_row = plan.read.relation->name;
  return {};
}

}  // namespace

Result<Named> FindNamed(const rest::Request& request, const catalog::Catalog& catalog, std::string_view role) {
  Named named;
  if (request.action != Action::kCall) {
    PANDO_TRY(named.relation, FindRelation(request, catalog));
    return named;
  }
  named.functions = catalog.FunctionsNamed(request.schema, request.name, role);
  // Without a candidate it fails, whatever the arguments.
  if (named.functions.empty()) return FindFunction(request, catalog, role).error();
  return named;
}

std::string NameWith(const Node& node, std::string_view end) {
  std::string name(rest::FirstCharacters(node.name.name, catalog::kNameBytesMax - end.size()));
  return name.append(end);
}

std::string RowColumnOf(const Node& node) {
  std::string name = "pando_row";
  const auto taken = [&](const catalog::Column& column) { return column.name == name; };
  while (std::any_of(node.columns->begin(), node.columns->end(), taken)) name += '_';
  return name;
}

bool HasAggregates(const Node& node) {
  return std::any_of(node.outputs.begin(), node.outputs.end(), [&](const Output& output) {
    if (output.kind == Output::Kind::kColumn) return output.column.aggregate.has_value();
    if (output.kind != Output::Kind::kEmbed) return false;
    const Embed& embed = node.embeds[output.embed];
    return embed.is_spread && embed.to_one() && HasAggregates(embed.node);
  });
}

bool IsOneGroup(const Node& node) {
  return !node.outputs.empty() && std::all_of(node.outputs.begin(), node.outputs.end(), [](const Output& output) {
    return output.kind == Output::Kind::kColumn && output.column.aggregate.has_value();
  });
}

Result<Plan> MakePlan(const rest::Request& request, std::shared_ptr<const catalog::Catalog> catalog,
                      const PlanOptions& options, std::string role) {
  Plan plan;
  plan.catalog = std::move(catalog);
  plan.role = std::move(role);
  plan.action = request.action;
  plan.footprint = catalog::kNoFootprint;
  plan.count = CountOf(request.preferences);
  plan.estimate_from = options.max_rows;
  switch (request.action) {
    case Action::kRead:
      PANDO_CHECK(PlanRead(request, options, plan));
      break;
    case Action::kCall:
      PANDO_CHECK(PlanCall(request, options, plan));
      break;
    default:
      PANDO_CHECK(PlanWrite(request, options, plan));
  }
  PANDO_TRY(plan.media, ChooseMedia(request, plan, options));
  if (plan.media.handler) plan.footprint |= plan.media.handler->footprint;
  PANDO_CHECK(CheckPreferences(request, plan));
  plan.counts_source = ((plan.mutation || plan.call) && LimitsAffected(request.preferences)) ||
                       (plan.call && MayStopEarly(plan)) ||
                       (plan.mutation && plan.representation && HasAggregates(plan.read));
  return plan;
}

}  // namespace pando::plan
