// The tags of what answers depend on (cache/tag.h): a row by its key, an equality that chooses rows, a relation. Values
// are PostgreSQL's text, and only of types whose text is one for each value.
//
// Concurrency  thread-safe; the same in all of the process
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cache/tag.h"
#include "pgtypes/oid.h"

namespace pando::serve {

// Has all processes with the same secret make the same tags; without it each makes its own. Not empty.
// REQUIRES: nothing is kept under a tag, and no change has been shown
void SeedTags(std::string_view secret);

// Every answer that shows or looks for rows of the relation has this: for a TRUNCATE, and for changes that are not told
// one by one.
cache::Tag WholeTag(pgtypes::Oid relation);
// Of an answer that any change of the relation may change.
cache::Tag AnyChangeTag(pgtypes::Oid relation);
// `key`: the values of the primary key, in the order of its columns in the table.
cache::Tag RowTag(pgtypes::Oid relation, std::span<const std::string_view> key);
// Of an answer whose rows were chosen by column = value.
cache::Tag EqualityTag(pgtypes::Oid relation, std::string_view column, std::string_view value);
// Goes with each of these: for a change that does not tell the column's value.
cache::Tag ColumnTag(pgtypes::Oid relation, std::string_view column);

// Leaves one of each, in no order that means anything.
void RemoveRepeated(std::vector<cache::Tag>& tags);

// Whether values of the type are equal exactly where their texts are, and the text of one that a client wrote can be
// made canonical: integers, boolean, uuid, and texts whose collation is deterministic.
bool IsEqualityType(pgtypes::Oid type);
// Longer values are not looked at: what chooses rows by one depends on the whole table.
inline constexpr size_t kEqualityBytesMax = 256;
// That text; empty when it is no value of the type, or one that is not looked at.
std::string CanonicalValue(pgtypes::Oid type, std::string_view written);
// Whether a key of the type has one text, whoever prints it.
bool IsKeyType(pgtypes::Oid type);

}  // namespace pando::serve
