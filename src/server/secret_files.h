// Files that options name and that hold a secret: who else may read them.
//
// Concurrency  looks at files, and blocks the caller meanwhile
#pragma once

#include <string>

#include "server/program_options.h"

namespace pando::server {

// Logs a warning for each such file that other accounts may read: what auth.jwt_secret and http.tls_key name, and the
// file of options where a secret stands in it. `registry` holds `options`. The secret that Pando makes is not among
// them: LoadOrCreateSecret() takes the permission away.
void WarnOfReadableSecrets(const ProgramOptions& options, const config::Registry& registry);

// False also when there is no such file. The group of a file that root owns may read it, as PostgreSQL allows for its
// own key: systems give one key to several services that way.
bool OthersMayRead(const std::string& path);

}  // namespace pando::server
