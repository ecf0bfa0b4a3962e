// Which answers may be kept in the cache, and what one depends on. Whatever cannot be proven is not kept: so far plain
// reads of one published table, with embeds of such tables by one column, without offsets or counts, by filters whose
// operators read nothing but the row, and by policies that read nothing but the row and the caller's claims.
//
// Concurrency  immutable once made
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cache/tag.h"
#include "pg/lane.h"
#include "pg/rows.h"
#include "pgtypes/oid.h"
#include "plan/plan.h"
#include "serve/cache_counts.h"
#include "serve/cache_embed.h"
#include "sql/statement.h"

namespace pando::serve {

// A table whose changes come through the stream.
struct CacheableTable {
  // Only a fill whose snapshot begins here or later may be kept: what was open before is not shown.
  uint64_t visible_from = 0;
  bool by_key = false;  // changes tell the primary key of the row as it was
  bool plain = false;   // neither parents nor children
};

// What can be cached with the catalog of the same configuration.
struct Cacheables {
  std::unordered_map<pgtypes::Oid, CacheableTable> tables;
  // Asks for the snapshot first, and last whether the schema is still that of the catalog.
  std::shared_ptr<const pg::LaneBracket> bracket;
};

struct CacheRule {
  Uncacheable why_not = Uncacheable::kNo;

  pgtypes::Oid relation = 0;
  uint64_t visible_from = 0;
  // Rows were chosen by this column's equality with a parameter of the statement.
  struct Match {
    std::string column;
    pgtypes::Oid type = 0;
    size_t parameter = 0;
  };
  std::optional<Match> match;
  // What of the caller's claims shapes the answer (auth::AppendClaims); null: nothing.
  std::shared_ptr<const std::vector<std::string>> claims;
  bool match_is_key = false;     // the column is the primary key
  std::vector<int> key_columns;  // where the primary key stands in the answer's rows, or empty
  std::vector<EmbedRule> embeds;
};

// `statement` was made of the plan; where an equality's value is among its parameters more than once, none is taken for
// a match. REQUIRES: `plan` is of a remembered shape: its values are marks that occur nowhere else.
CacheRule MakeCacheRule(const plan::Plan& plan, const sql::Statement& statement, const Cacheables& cacheables);

// What an answer depends on. `parameters` are those of its statement. REQUIRES: rule.why_not is kNo.
std::vector<cache::Tag> TagsOf(const CacheRule& rule, const std::vector<sql::Parameter>& parameters,
                               const pg::Rows& rows);

}  // namespace pando::serve
