// What an answer depends on for the rows that it embeds: as many as match each row's join value, which rows come to
// match (by the equality) and which of them change or leave (by their keys, read from the answer itself).
//
// Internal to serve/.
// Concurrency  immutable once made
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cache/tag.h"
#include "pg/rows.h"
#include "pgtypes/oid.h"
#include "plan/plan.h"
#include "serve/cache_counts.h"

namespace pando::serve {

struct EmbedRule {
  pgtypes::Oid relation = 0;
  int place = -1;              // of its JSON in the answer's rows
  std::string column;          // that equals the join value
  pgtypes::Oid type = 0;       // of both sides
  int join_place = -1;         // of the join value in the answer's rows, or -1
  bool join_is_match = false;  // else it is the value by which the answer's rows were chosen
  std::string join_member;     // else that member of the embedded row's JSON, or empty
  // The primary key: members of the JSON of an embedded row, in the order of the table's columns. Empty: not shown.
  std::vector<std::string> key;
};

Uncacheable WhyNotEmbed(const plan::Embed& embed);

// `match` is the column of the near rows whose value is known, or empty.
// REQUIRES: WhyNotEmbed() is kNo, and the changes of its table come by key when `by_key`
EmbedRule MakeEmbedRule(const plan::Node& near, size_t embed, const std::string& match, bool by_key);

// Appends to `tags`; `room` is how many rows may still be named one by one. What cannot be named makes the answer
// depend on any change of the table.
void AddEmbedTags(const EmbedRule& rule, const std::string& match_value, const pg::Rows& rows, size_t room,
                  std::vector<cache::Tag>& tags);

}  // namespace pando::serve
