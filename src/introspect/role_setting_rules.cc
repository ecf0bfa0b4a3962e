#include "introspect/role_setting_rules.h"

#include <algorithm>
#include <array>

namespace pando::introspect {
namespace {

constexpr std::array<std::string_view, 9> kReserved = {{
    // The form of what is sent and received.
    "client_encoding",
    "bytea_output",
    "standard_conforming_strings",
    // Notices are not read: they would only fill the line.
    "client_min_messages",
    // Would end a connection that other requests wait for, at the first error.
    "exit_on_error",
    // Who the session is. A role may set these for itself, and so become whatever the login role may become.
    "role",
    "session_authorization",
    // Of one transaction, which has begun when settings are made.
    "transaction_read_only",
    "transaction_deferrable",
}};

}  // namespace

bool MayRoleSet(std::string_view name) {
  return std::find(kReserved.begin(), kReserved.end(), name) == kReserved.end();
}

}  // namespace pando::introspect
