// Proves parts of a plan: that its rows depend on nothing but relations and the caller, and where each row can be
// named.
//
// Internal to dependencies/.
// Concurrency  pure functions
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dependencies/uncacheable.h"
#include "pgtypes/oid.h"
#include "plan/plan.h"

namespace pando::dependencies {

// The column of the relation that `ref` names; null if it names anything else, such as a path into a column.
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

// Whether only a change of a row itself can make the row appear, disappear or move: filters and order read no embeds.
bool ChoosesByItself(const plan::Node& node);

// The place of a column in the answer's rows; -1 when it is not shown, or in another form.
int PlaceOf(const plan::Node& node, const std::string& name);
// The same for one of the node's embeds.
int PlaceOfEmbed(const plan::Node& node, size_t embed);

// The table whose changes are those of the relation's rows: itself, or the table that a view shows one for one.
pgtypes::Oid TableOf(const catalog::Relation& relation);
// The table's name of the relation's column; empty when the table has no such column.
std::string TableColumn(const catalog::Relation& relation, std::string_view column);

// The relation's columns that show the primary key of that table, in the order of the table's columns. Empty: the table
// has no key, or the relation does not show all of it.
std::vector<const catalog::Column*> KeyColumns(const catalog::Relation& relation);

}  // namespace pando::dependencies
