// What of a plan can be proven: that its rows depend on nothing but relations and the caller, and where its rows can be
// told one by one.
//
// Internal to serve/.
// Concurrency  pure functions
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pgtypes/oid.h"
#include "plan/plan.h"
#include "serve/cache_counts.h"

namespace pando::serve {

// A column of the relation itself, as it is; null for anything else.
// REQUIRES: node.relation
const catalog::Column* PlainColumn(const plan::Node& node, const plan::ColumnRef& ref);

// Why filters, order or columns of a node, its embeds apart, may depend on more than rows. What they call is in the
// plan's footprint; this is about operators, casts and literals, which are not. A literal of a type whose input is not
// IMMUTABLE (dates and times take words such as `now`) must be IsPlainTime(): of those that are parameters the values
// are added to `times`, to be looked at when they are known.
// REQUIRES: node.relation
Uncacheable WhyNotProven(const plan::Node& node, std::vector<std::string>& times);

// A date, or a timestamp with or without an offset, in ISO 8601's extended form: the same instant or reading whenever
// it is read under one TimeZone.
bool IsPlainTime(std::string_view text);

// Whether a row comes in, leaves or moves by a change of its own alone: neither filters nor order look at embeds.
bool ChoosesByItself(const plan::Node& node);

// Where a column of the relation stands in the answer's rows; -1 when it is not shown, or in another form.
int PlaceOf(const plan::Node& node, const std::string& name);
// The same of one of the node's embeds.
int PlaceOfEmbed(const plan::Node& node, size_t embed);

// The table whose changes tell those of the relation's rows: itself, or the one that a view shows one for one.
pgtypes::Oid TableOf(const catalog::Relation& relation);
// A column of the relation as that table calls it; empty when it is none of the table's.
std::string TableColumn(const catalog::Relation& relation, std::string_view column);

// The relation's columns that show the primary key of that table, in the order of the table's columns, as changes tell
// them. None: it has none, or does not show all of it.
std::vector<const catalog::Column*> KeyColumns(const catalog::Relation& relation);

}  // namespace pando::serve
