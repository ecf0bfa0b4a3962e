// The options of the admin port.
#pragma once

#include <string>

#include "base/option.h"

namespace pando::admin {

struct AdminOptions {
  std::string listen = "127.0.0.1:8081";
};

template <class Visitor>
void Describe(Visitor& visit, AdminOptions& o) {
  visit.Option("admin.listen", o.listen, Reload::kRestart,
               "Address of /livez, /readyz, /metrics, /config and /cache, as host:port; empty turns them off. These "
               "pages ask for no credentials: keep the address off public networks.");
}

}  // namespace pando::admin
