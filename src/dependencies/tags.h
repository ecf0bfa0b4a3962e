// A tag (cache/tag.h) names something that answers depend on: a row by its key, an equality that chooses rows, a
// relation. Values are PostgreSQL's text, of types that have one text for each value.
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

namespace pando::dependencies {

// Processes with the same secret, which is not empty, make the same tags. Without this call each process has its own.
// REQUIRES: no answer is stored under a tag, and no change has come
void SeedTags(std::string_view secret);

// Every answer that shows or looks for rows of the relation has this tag. It stands for a TRUNCATE, and for changes
// that the stream does not name row by row.
cache::Tag WholeTag(pgtypes::Oid relation);
// An answer that any change of the relation may change has this tag.
cache::Tag AnyChangeTag(pgtypes::Oid relation);
// `key`: the values of the primary key, in the order of its columns in the table.
cache::Tag RowTag(pgtypes::Oid relation, std::span<const std::string_view> key);
// An answer whose rows were chosen by column = value has this tag.
cache::Tag EqualityTag(pgtypes::Oid relation, std::string_view column, std::string_view value);
// Goes with each EqualityTag(): for a change that does not name the column's value.
cache::Tag ColumnTag(pgtypes::Oid relation, std::string_view column);

// Leaves one of each. The order has no meaning.
void RemoveRepeated(std::vector<cache::Tag>& tags);

// Whether values of the type are equal exactly where their texts are, and the text of one that a client wrote can be
// made canonical: integers, boolean, uuid, and texts whose collation is deterministic.
bool IsEqualityType(pgtypes::Oid type);
// An answer whose rows were chosen by a longer value depends on the whole table.
inline constexpr size_t kEqualityBytesMax = 256;
// The canonical text; empty when `written` is no value of the type, or longer than kEqualityBytesMax.
std::string CanonicalValue(pgtypes::Oid type, std::string_view written);
// Whether a key of the type has the same text in a query's answer and in the stream.
bool IsKeyType(pgtypes::Oid type);

}  // namespace pando::dependencies
