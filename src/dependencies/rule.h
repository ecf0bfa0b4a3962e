// An AnswerRule says whether answers of a shape may be stored, and what each of them depends on. An answer is stored
// only where that is proven to be right: it reads published tables, views of them and embeds, by operators and policies
// that read nothing but rows and the caller's claims. It depends on single rows where its rows can be named, else on
// tables.
//
// Concurrency  immutable once made
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/tag.h"
#include "dependencies/cacheables.h"
#include "dependencies/embed.h"
#include "dependencies/uncacheable.h"
#include "pg/rows.h"
#include "pgtypes/oid.h"
#include "plan/plan.h"
#include "sql/statement.h"

namespace pando::dependencies {

struct AnswerRule {
  Uncacheable why_not = Uncacheable::kNo;

  pgtypes::Oid relation = 0;  // the table that a view shows one for one
  uint64_t visible_from = 0;
  // Rows were chosen by this column's equality with a parameter of the statement.
  struct Match {
    std::string column;    // as the table calls it
    std::string shown_as;  // as a view does
    pgtypes::Oid type = 0;
    size_t parameter = 0;
  };
  std::optional<Match> match;
  // What of the caller's claims shapes the answer (auth::AppendClaims); null: nothing.
  std::shared_ptr<const std::vector<std::string>> claims;
  bool match_is_key = false;        // the column is the primary key
  std::vector<int> key_columns;     // where the primary key stands in the answer's rows, or empty
  std::vector<pgtypes::Oid> below;  // any change of these counts too: CacheableTable::below
  std::vector<EmbedRule> embeds;
  // Parameters of the statement that are literals of dates and times: it is kept where each IsPlainTime().
  std::vector<size_t> times;
};

// `statement` was made of the plan; where an equality's value is among its parameters more than once, none is taken for
// a match. REQUIRES: `plan` is of a remembered shape: its values are marks that occur nowhere else.
AnswerRule MakeAnswerRule(const plan::Plan& plan, const sql::Statement& statement, const Cacheables& cacheables);

// Whether what is read depends on more than rows and what the cache's key holds.
bool DependsOnMore(const catalog::Footprint& reading);

// Why the answer to these values may not be kept though the shape's may. REQUIRES: rule.why_not is kNo.
Uncacheable WhyNotValues(const AnswerRule& rule, const std::vector<sql::Parameter>& parameters);

// An answer of more rows depends on their table.
inline constexpr size_t kRowTagsMax = 200;

// What an answer depends on. `parameters` are those of its statement. REQUIRES: rule.why_not is kNo.
std::vector<cache::Tag> TagsOf(const AnswerRule& rule, const std::vector<sql::Parameter>& parameters,
                               const pg::Rows& rows, size_t rows_max = kRowTagsMax);

}  // namespace pando::dependencies
