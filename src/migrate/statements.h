// Splits a script into statements, as psql does: by semicolons outside of strings, quoted names, dollar quotes,
// comments, parentheses and the bodies of SQL-standard functions (BEGIN ATOMIC ... END).
//
// Concurrency  pure functions
#pragma once

#include <string_view>
#include <vector>

namespace pando::migrate {

struct Statement {
  std::string_view text;  // of the script, without its semicolon and the space and comments before it
  int line = 1;           // of its first character
};

// Statements of nothing but space and comments are left out.
std::vector<Statement> SplitStatements(std::string_view script);

// The statement begins or ends a transaction itself (BEGIN, COMMIT, ROLLBACK but not ROLLBACK TO ...).
bool ControlsTransaction(std::string_view statement);
bool BeginsTransaction(std::string_view statement);
bool EndsTransaction(std::string_view statement);

// COPY ... FROM STDIN, whose data only psql could send.
bool CopiesFromClient(std::string_view statement);

}  // namespace pando::migrate
