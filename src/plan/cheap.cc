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
         condition.column.path.empty() && condition.column.from_row.empty() && operation.op == rest::Operator::kEq &&
         !operation.negated && operation.quantifier == rest::Quantifier::kNone;
}

// Null: there is none.
const Condition* FindEquality(const std::vector<Condition>& where, const std::string& column) {
  const auto found =
      std::find_if(where.begin(), where.end(), [&](const Condition& it) { return IsEquality(it, column); });
  return found == where.end() ? nullptr : &*found;
}

bool NamesTheKey(const catalog::Relation& relation, const std::vector<Condition>& where) {
  const auto& key = relation.primary_key;
  return !key.empty() && std::all_of(key.begin(), key.end(),
                                     [&](const std::string& column) { return FindEquality(where, column) != nullptr; });
}

// One small row of a plain table.
bool WritesPlainly(const Plan& plan, const rest::Payload& payload) {
  constexpr size_t kSmallBytes = 16 * 1024;
  return plan.mutation && !plan.media.explain && plan.mutation->relation->plain_writes && plan.read.embeds.empty() &&
         payload.elements == 1 && payload.text.size() <= kSmallBytes;
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
         NamesTheKey(*plan.read.relation, plan.read.where) && EmbedsOnlyToOne(plan.read);
}

bool IsSingleInsert(const Plan& plan, const rest::Payload& payload) {
  return WritesPlainly(plan, payload) && plan.mutation->kind == Mutation::Kind::kInsert &&
         plan.mutation->conflict.empty();
}

bool IsSingleUpdate(const Plan& plan, const rest::Payload& payload) {
  return WritesPlainly(plan, payload) && plan.mutation->kind == Mutation::Kind::kUpdate &&
         NamesTheKey(*plan.mutation->relation, plan.mutation->where);
}

std::string LockedRow(const Plan& plan) {
  const Mutation& mutation = *plan.mutation;
  std::string row = std::to_string(mutation.relation->oid);
  // No text holds a zero byte, for PostgreSQL takes none.
  for (const std::string& column : mutation.relation->primary_key) {
    row.append(1, '\0').append(FindEquality(mutation.where, column)->operation.value);
  }
  return row;
}

}  // namespace pando::plan
