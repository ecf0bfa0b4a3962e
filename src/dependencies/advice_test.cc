#include "dependencies/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "catalog/observed.h"
#include "catalog/snapshot.h"
#include "plan/test_catalog.h"

namespace pando::dependencies {
namespace {

using catalog::Footprint;
using catalog::Observed;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Footprint Claims(catalog::ClaimSet claims) {
  Footprint footprint = catalog::kNoFootprint;
  footprint.observes = Observed::kClaims;
  footprint.claims = claims;
  return footprint;
}

TEST(CacheAdvice, IsOnWhatKeepsAnswersFromBeingShared) {
  EXPECT_THAT(AdviceOn(catalog::kNoFootprint), IsEmpty());
  EXPECT_THAT(AdviceOn(Claims(1)), IsEmpty());
  EXPECT_THAT(AdviceOn(Claims(catalog::kAllClaims)), HasSubstr("each token"));
  Footprint footprint = Claims(1);
  footprint.varies = true;
  EXPECT_THAT(AdviceOn(footprint), HasSubstr("not cached"));
  footprint.folds = true;
  EXPECT_THAT(AdviceOn(footprint), HasSubstr("IMMUTABLE"));
  footprint.lasts = true;
  EXPECT_THAT(AdviceOn(footprint), HasSubstr("a new database connection for each request"));
  footprint = catalog::kNoFootprint;
  footprint.observes = Observed::kHeaders;
  EXPECT_THAT(AdviceOn(footprint), HasSubstr("not cached"));
}

TEST(CacheAdvice, NamesTheRelations) {
  catalog::Snapshot snapshot = plan::TestCatalog()->snapshot();
  for (catalog::Relation& relation : snapshot.relations) relation.reading = Claims(catalog::kAllClaims);
  snapshot.relations[0].reading.varies = true;
  Cacheables cacheables;
  for (const catalog::Relation& relation : snapshot.relations) cacheables.tables[relation.oid] = {7, true, {}};
  cacheables.tables.erase(4);
  cacheables.excluded = {"tasks"};
  const auto catalog = catalog::Catalog::Build(std::move(snapshot));

  const std::string all = CacheAdvice(*catalog, cacheables, 10);
  EXPECT_THAT(all, HasSubstr("public.clients are not cached"));
  EXPECT_THAT(all, HasSubstr("public.projects, public.users_tasks are cached for each token"));
  EXPECT_THAT(all, Not(HasSubstr("public.tasks")));
  EXPECT_THAT(CacheAdvice(*catalog, cacheables, 1), HasSubstr("public.projects and 1 more are cached for each token"));
  EXPECT_THAT(CacheAdvice(*catalog, Cacheables(), 10), IsEmpty());
}

}  // namespace
}  // namespace pando::dependencies
