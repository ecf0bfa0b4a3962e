#include "sql/flat.h"

#include <algorithm>

#include "pgtypes/json_value.h"
#include "plan/cheap.h"

namespace pando::sql {
namespace {

using plan::Node;
using plan::Output;

// A domain comes back as the type below it.
bool HasJsonForm(const catalog::Catalog& catalog, catalog::Oid oid) {
  const catalog::Type* type = catalog.FindType(oid);
  while (type && type->kind == catalog::Type::Kind::kDomain && type->to_json.empty()) {
    oid = type->base;
    type = catalog.FindType(oid);
  }
  return pgtypes::JsonFormOf(oid) != pgtypes::JsonForm::kUnknown;
}

bool IsColumnFlat(const catalog::Catalog& catalog, const Node& node, const plan::ColumnOutput& output) {
  if (output.aggregate || output.is_count_star || !output.cast.empty()) return false;
  const plan::ColumnRef& ref = output.column;
  if (!ref.path.empty() || !ref.from_row.empty() || !ref.to_json.empty()) return false;
  const catalog::Column* column = node.relation->Get(ref.name);
  return column && HasJsonForm(catalog, column->type);
}

bool IsStarFlat(const catalog::Catalog& catalog, const Node& node) {
  if (node.star_is_listed) return false;
  const auto& columns = node.relation->columns;
  return std::all_of(columns.begin(), columns.end(),
                     [&](const catalog::Column& column) { return HasJsonForm(catalog, column.type); });
}

bool IsOutputFlat(const catalog::Catalog& catalog, const Node& node, const Output& output) {
  switch (output.kind) {
    case Output::Kind::kColumn:
      return IsColumnFlat(catalog, node, output.column);
    case Output::Kind::kStar:
      return IsStarFlat(catalog, node);
    case Output::Kind::kEmbed:
      return !node.embeds[output.embed].is_spread;
  }
  return false;
}

}  // namespace

bool IsFlat(const plan::Plan& plan) {
  using Format = plan::Media::Format;
  const bool json = plan.media.format == Format::kJson || plan.media.format == Format::kObject;
  if (!json || plan.media.nulls_stripped || plan.media.explain) return false;
  const Node& node = plan.read;
  if (plan.action != rest::Action::kRead || plan.mutation || plan.call || !node.relation || !node.hidden.empty()) {
    return false;
  }
  if (node.limit.value_or(0) > kFlatRowsMax && !plan::IsPointRead(plan)) return false;
  // A total beyond the window comes as one more column, which rows have no place for.
  const bool counts = plan.count == plan::Count::kExact || plan.count == plan::Count::kEstimated;
  if (counts && (node.limit || node.offset > 0)) return false;
  return !node.outputs.empty() && std::all_of(node.outputs.begin(), node.outputs.end(), [&](const Output& output) {
    return IsOutputFlat(*plan.catalog, node, output);
  });
}

}  // namespace pando::sql
