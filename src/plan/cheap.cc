#include "plan/cheap.h"

#include <algorithm>

namespace pando::plan {
namespace {

bool IsTable(const catalog::Relation* relation) {
  using Kind = catalog::Relation::Kind;
  return relation && (relation->kind == Kind::kTable || relation->kind == Kind::kPartitionedTable);
}

// column=eq.value, as it stands.
bool IsEquality(const Condition& condition, const std::string& column) {
  const rest::Operation& operation = condition.operation;
  return condition.kind == Condition::Kind::kFilter && condition.column.name == column &&
         condition.column.path.empty() && !condition.column.from_row && operation.op == rest::Operator::kEq &&
         !operation.negated && operation.quantifier == rest::Quantifier::kNone;
}

bool NamesTheKey(const Node& node) {
  const auto& key = node.relation->primary_key;
  return !key.empty() && std::all_of(key.begin(), key.end(), [&](const std::string& column) {
    return std::any_of(node.where.begin(), node.where.end(),
                       [&](const Condition& condition) { return IsEquality(condition, column); });
  });
}

bool EmbedsOnlyToOne(const Node& node) {
  return std::all_of(node.embeds.begin(), node.embeds.end(), [](const Embed& embed) {
    return embed.to_one() && !embed.relationship.function && IsTable(embed.node.relation) &&
           EmbedsOnlyToOne(embed.node);
  });
}

}  // namespace

bool IsPointRead(const Plan& plan) {
  return plan.action == rest::Action::kRead && !plan.media.explain && IsTable(plan.read.relation) &&
         NamesTheKey(plan.read) && EmbedsOnlyToOne(plan.read);
}

bool IsSingleInsert(const Plan& plan, const rest::Payload& payload) {
  constexpr size_t kSmallBytes = 16 * 1024;
  return plan.action == rest::Action::kInsert && !plan.media.explain && plan.mutation &&
         plan.mutation->kind == Mutation::Kind::kInsert && plan.mutation->conflict.empty() &&
         plan.mutation->relation->plain_inserts && plan.read.embeds.empty() && payload.elements == 1 &&
         payload.text.size() <= kSmallBytes;
}

}  // namespace pando::plan
