// Whether a text can name a role of the database. SET ROLE and set_config('role', ...) take some texts for a role that
// they do not name, and the login role, which may become any other, must never be what a caller gets that way.
//
// Concurrency  thread-safe: pure functions
#pragma once

#include <string_view>

namespace pando {

// False for
//   an empty text, and blanks alone: a mistake
//   "none", which is the login role
//   a text with a NUL, where PostgreSQL's texts end
//   a text of more than 63 bytes (NAMEDATALEN), of which PostgreSQL takes the first 63
bool IsRoleName(std::string_view text);

}  // namespace pando
