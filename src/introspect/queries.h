// What is asked of the system catalogs: one list of queries over pg_catalog, sent as one exchange. Only what every role
// may read is asked for, so the answer does not depend on who asks.
//
// Concurrency  pure
#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "introspect/introspect.h"
#include "pg/exchange.h"
#include "pg/rows.h"

namespace pando::introspect {

// The columns of each stand above its text in query_texts.cc.
enum class Query : size_t {
  kRelations,
  kColumns,
  kDefaults,
  kVirtualColumns,
  kPrimaryKeys,
  kForeignKeys,
  kDeferrables,
  kDeferrableTriggers,
  kRules,
  kTypes,
  kEnumLabels,
  kRepresentations,
  kFunctions,
  kArguments,
  kFunctionSettings,
  kAggregateHandlers,
  kExtensionFunctions,
  kGranteeHeirs,
  kRowAggregates,
  kSchemaComments,
  kRoleSettings,
  kStatementTimeout,
  kSnapshot,
  kFingerprint,
  kTimezones,
  kPostgis,
  kRelationTraits,
  kInheritance,
  kPolicies,
  kTriggers,
  kExpressions,
  kCascades,
  kFunctionTraits,
  kAggregateParts,
  kTypeTraits,
  kOperators,
  kCompanions,
  kPreRequest,
  kCount,
};

// The whole exchange, in a transaction of its own that stays open (Finish::kHold) and only ever reads.
pg::Exchange CatalogExchange(const IntrospectOptions& options);

// The answers, by query. Immutable.
class Answers {
 public:
  //   kIntrospection  a query is missing or has other columns than were asked for
  static Result<Answers> Of(std::vector<pg::Rows> rows);
  const pg::Rows& operator[](Query query) const;

 private:
  explicit Answers(std::vector<pg::Rows> rows) : rows_(std::move(rows)) {}
  std::vector<pg::Rows> rows_;
};

}  // namespace pando::introspect
