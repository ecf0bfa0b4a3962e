// An EmbedRule says what an answer depends on because of the rows that it embeds: rows that come to match a join value
// (by the equality), and embedded rows that change or leave (by their keys, which are read from the answer itself).
//
// Internal to dependencies/.
// Concurrency  immutable once made
#pragma once

#include <string>
#include <vector>

#include "cache/tag.h"
#include "dependencies/cacheables.h"
#include "pg/rows.h"
#include "pgtypes/oid.h"
#include "plan/plan.h"

namespace pando::dependencies {

struct EmbedRule {
  pgtypes::Oid relation = 0;
  bool is_followed = false;  // row by row; else any change of the table counts
  std::string column;        // that equals the join value
  pgtypes::Oid type = 0;     // of both sides
  // Its JSON and the join value in the answer's rows, or, below another embed, as members of that one's rows; -1 or
  // empty: not shown.
  int place = -1, join_place = -1;
  std::string member, near_member;
  bool join_is_match = false;    // the join value is that by which the answer's rows were chosen
  std::string join_member;       // else, that member of the embedded row's JSON, or empty
  std::vector<std::string> key;  // members that show the primary key, in the order of the table's columns, or none
  std::vector<EmbedRule> embeds;
  // Any change of these counts as well: of a junction, of partitions.
  std::vector<pgtypes::Oid> besides;
};

struct EmbedTables {
  const catalog::Catalog& catalog;
  const Cacheables& cacheables;
};

// `match` is the column of the near rows whose value is known, or empty. `followed`: the JSON that shows it is read.
// REQUIRES: each embed is of a relation, by a foreign key or a junction, and all of these are among `tables`
EmbedRule MakeEmbedRule(const plan::Node& near, size_t embed, const std::string& match, bool followed,
                        const EmbedTables& tables);

// Appends to `tags`. What cannot be named row by row makes the answer depend on any change of the table.
// Bounds: `room` rows are named one by one.
void AddEmbedTags(const EmbedRule& rule, const std::string& match_value, const pg::Rows& rows, size_t room,
                  std::vector<cache::Tag>& tags);

}  // namespace pando::dependencies
