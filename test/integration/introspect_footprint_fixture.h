// A database whose footprints are looked at as introspection reads them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "integration/introspect_fixture.h"

namespace pando::introspect {

using catalog::Footprint;
using catalog::Observed;

inline constexpr Footprint kNothing = catalog::kNoFootprint;
constexpr Footprint Runs(Observed observes, bool leaves_traces) {
  return {.observes = observes, .claims = 0, .leaves_traces = leaves_traces, .varies = false, .folds = false};
}
inline constexpr Footprint kObserves = Runs(Observed::kEverything, false);
inline constexpr Footprint kAnything = Runs(Observed::kEverything, true);

constexpr Footprint Observes(Observed settings) { return Runs(settings, false); }
// Without what is said of answers and plans that are kept, which has tests of its own.
constexpr Footprint Runs(const Footprint& footprint) { return Runs(footprint.observes, footprint.leaves_traces); }

class FootprintTest : public IntrospectFixture {
 protected:
  Footprint Reading(std::string_view relation) { return Runs(Find(relation).reading); }
  Footprint Writing(std::string_view relation) { return Runs(Find(relation).writing); }
  Footprint Calling(std::string_view function) {
    if (!catalog_) catalog_ = Load();
    const auto overloads = catalog_->FunctionsNamed("api", function, "anon");
    EXPECT_EQ(overloads.size(), 1u) << function;
    return overloads.empty() ? Footprint{} : Runs(overloads[0]->footprint);
  }
  // A table like api.plain under that policy.
  void Guard(const std::string& table, const std::string& policy) {
    Execute("CREATE TABLE api." + table + " (LIKE api.plain); ALTER TABLE api." + table +
            " ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON api." + table + " USING (" + policy + ")");
  }
  const catalog::Relation& Find(std::string_view relation) {
    if (!catalog_) catalog_ = Load();
    const catalog::Relation* found = catalog_->FindRelation("api", relation);
    EXPECT_NE(found, nullptr) << relation;
    static const catalog::Relation kNone;
    return found ? *found : kNone;
  }

  // A function that says STABLE and sets the session's role.
  static constexpr std::string_view kLiar =
      "CREATE FUNCTION api.liar() RETURNS boolean LANGUAGE plpgsql STABLE AS "
      "$$ BEGIN PERFORM set_config('role', 'none', false); RETURN true; END $$;";
  static constexpr std::string_view kTrigger =
      "CREATE FUNCTION api.on_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;";

  std::shared_ptr<const catalog::Catalog> catalog_;
};

}  // namespace pando::introspect
