// The smallest pieces of the grammar (docs/rest.md section 2, "lexical" and "fields"): names, JSON paths, embed paths.
//
// Each Read function takes its piece from the cursor into `out` and returns true, or returns false with the cursor
// anywhere and the reason noted in it.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <string>
#include <vector>

#include "rest/cursor.h"
#include "rest/query.h"

namespace pando::rest {

// "..." in double quotes; a backslash takes the next character as it is.
bool ReadQuoted(Cursor& in, std::string& out);

// A quoted name, or words joined by dashes. Any character beyond ASCII counts as a letter, as in PostgreSQL itself.
bool ReadFieldName(Cursor& in, std::string& out);

// The target of a cast or the language of a text search: one word, blanks within allowed.
bool ReadTypeName(Cursor& in, std::string& out);

// Zero or more steps of -> and ->>.
bool ReadJsonPath(Cursor& in, std::vector<JsonStep>& out);

// A name with its JSON path, blanks around allowed.
bool ReadField(Cursor& in, Field& out);

// Names joined by dots up to the end of the text; the last one is the field, with its JSON path, those before it are
// the path of embeds.
bool ReadTreePath(Cursor& in, EmbedPath& path, Field& field);

// Names joined by commas up to the end of the text, at least one: `columns` and `on_conflict`.
bool ReadNames(Cursor& in, std::vector<std::string>& out);

}  // namespace pando::rest
