// What a reload may replace, as one immutable value: requests in flight keep theirs.
//
// Concurrency  immutable once made; shared and swapped whole
#pragma once

#include <memory>
#include <string>

#include "auth/verifier.h"
#include "base/known_until.h"
#include "catalog/catalog.h"
#include "dependencies/rule.h"
#include "plan/plan.h"
#include "rest/request.h"
#include "serve/cache_counts.h"
#include "serve/options.h"
#include "serve/role_settings.h"

namespace pando::serve {

struct Config {
  RestOptions rest;
  std::shared_ptr<auth::Verifier> verifier;
  std::shared_ptr<const catalog::Catalog> catalog;             // null until the first load
  std::shared_ptr<const dependencies::Cacheables> cacheables;  // null: nothing is to be kept in the cache
  Uncacheable why_nothing = Uncacheable::kNoStream;            // why that is so, where it is
  // Until when `catalog` is known to be that of the database; null: always.
  std::shared_ptr<const KnownUntil> catalog_known;

  // Derived from `rest` by MakeConfig().
  rest::ParseOptions parse;
  plan::PlanOptions plan;
  std::string url_prefix;  // without a trailing slash
  bool tx_override_allowed = false;
  bool tx_rollback = false;
  // Derived from `catalog`.
  SettingsOfRoles roles;
};

std::shared_ptr<const Config> MakeConfig(RestOptions rest, std::shared_ptr<auth::Verifier> verifier,
                                         std::shared_ptr<const catalog::Catalog> catalog,
                                         std::shared_ptr<const dependencies::Cacheables> cacheables = nullptr,
                                         std::shared_ptr<const KnownUntil> catalog_known = nullptr,
                                         Uncacheable why_nothing = Uncacheable::kNoStream);

}  // namespace pando::serve
