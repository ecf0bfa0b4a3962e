#include "introspect/footprint_graph.h"

#include <gtest/gtest.h>

#include "catalog/observed.h"

namespace pando::introspect {
namespace {

constexpr Oid kTable = 20001, kView = 20002, kOther = 20003;
constexpr Oid kCurrentSetting = 2077, kUpper = 871, kSomeFunction = 20101;
constexpr Footprint Own(catalog::Observed observes, bool leaves_traces) {
  return {.observes = observes, .claims = 0, .leaves_traces = leaves_traces, .varies = false, .folds = false};
}
constexpr Footprint kVaries = {
    .observes = catalog::Observed::kNothing, .claims = 0, .leaves_traces = false, .varies = true, .folds = false};
constexpr Footprint kTraces = Own(catalog::Observed::kNothing, true);

TEST(FootprintGraph, AThingThatWasDeclaredAndReachesNothingIsHarmless) {
  FootprintGraph graph;
  graph.Declare(Use::kRead, kTable);
  graph.Propagate();

  EXPECT_EQ(graph.Of(Use::kRead, kTable), kHarmless);
}

TEST(FootprintGraph, WhatIsAUsersAndWasNeverDeclaredIsUnknown) {
  FootprintGraph graph;
  graph.Declare(Use::kRead, kTable);
  graph.Depend(Use::kRead, kTable, Use::kCall, kSomeFunction);
  graph.Propagate();

  EXPECT_EQ(graph.Of(Use::kRead, kTable), kUnknown);
  EXPECT_EQ(graph.Of(Use::kRead, kOther), kUnknown);
}

TEST(FootprintGraph, WhatIsTheServersOwnAndWasNeverDeclaredIsHarmless) {
  FootprintGraph graph;
  graph.Declare(Use::kRead, kTable);
  graph.Depend(Use::kRead, kTable, Use::kCall, kUpper);
  graph.Propagate();

  EXPECT_EQ(graph.Of(Use::kRead, kTable), kHarmless);
}

TEST(FootprintGraph, FootprintsAddUpAlongChains) {
  FootprintGraph graph;
  graph.Declare(Use::kRead, kView);
  graph.Declare(Use::kRead, kTable);
  graph.Declare(Use::kCall, kCurrentSetting, kObserves);
  graph.Declare(Use::kCall, kSomeFunction, kTraces);
  graph.Depend(Use::kRead, kView, Use::kRead, kTable);
  graph.Depend(Use::kRead, kTable, Use::kCall, kCurrentSetting);
  graph.Depend(Use::kRead, kView, Use::kCall, kSomeFunction);
  graph.Propagate();

  EXPECT_EQ(graph.Of(Use::kRead, kTable), kObserves);
  EXPECT_EQ(graph.Of(Use::kRead, kView), kUnknown);
}

TEST(FootprintGraph, EachMemberOfACycleHasWhatTheCycleReaches) {
  FootprintGraph graph;
  for (const Oid oid : {kTable, kView, kOther}) graph.Declare(Use::kWrite, oid);
  graph.Depend(Use::kWrite, kTable, Use::kWrite, kView);
  graph.Depend(Use::kWrite, kView, Use::kWrite, kOther);
  graph.Depend(Use::kWrite, kOther, Use::kWrite, kTable);
  graph.Depend(Use::kWrite, kOther, Use::kWrite, kOther);
  graph.Declare(Use::kWrite, kOther, kTraces);
  graph.Propagate();

  EXPECT_EQ(graph.Of(Use::kWrite, kTable), kTraces);
  EXPECT_EQ(graph.Of(Use::kWrite, kView), kTraces);
}

TEST(FootprintGraph, ReadingAndWritingAreApart) {
  FootprintGraph graph;
  graph.Declare(Use::kRead, kTable);
  graph.Declare(Use::kWrite, kTable, kUnknown);
  graph.Propagate();

  EXPECT_EQ(graph.Of(Use::kRead, kTable), kHarmless);
  EXPECT_EQ(graph.Of(Use::kWrite, kTable), kUnknown);
}

TEST(FootprintGraph, ATreeBringsItsFunctionsRelationsAndTheIdentity) {
  FootprintGraph graph;
  graph.Declare(Use::kCall, kCurrentSetting, kObserves);
  for (const Oid oid : {kTable, kView, kOther}) graph.Declare(Use::kRead, oid);
  graph.DependOnTree(Use::kRead, kTable, "{FUNCEXPR :funcid 2077}");
  graph.DependOnTree(Use::kRead, kView, "({QUERY :commandType 1 :rtable ({RTE :relid 20001})})");
  graph.DependOnTree(Use::kRead, kOther, "{SQLVALUEFUNCTION :op 10}");
  graph.Propagate();

  EXPECT_EQ(graph.Of(Use::kRead, kTable), kObserves);
  EXPECT_EQ(graph.Of(Use::kRead, kView), kObserves);
  EXPECT_EQ(graph.Of(Use::kRead, kOther), Own(catalog::Observed::kIdentity, false));
}

TEST(FootprintGraph, ATreeThatWritesBringsWhatWritingDoes) {
  FootprintGraph graph;
  graph.Declare(Use::kRead, kTable);
  graph.Declare(Use::kWrite, kTable, kTraces);
  graph.Declare(Use::kCall, kSomeFunction);
  graph.DependOnTree(Use::kCall, kSomeFunction, "({QUERY :commandType 3 :rtable ({RTE :relid 20001})})");
  graph.Declare(Use::kRead, kOther);
  graph.Declare(Use::kWrite, kOther);
  graph.DependOnTree(Use::kCall, kView, "({QUERY :commandType 3 :rtable ({RTE :relid 20003})})");
  graph.Propagate();

  // And observes whether the transaction may write at all.
  EXPECT_EQ(graph.Of(Use::kCall, kSomeFunction), kUnknown);
  EXPECT_EQ(graph.Of(Use::kCall, kView), kObserves);
}

constexpr Volatility kImmutable = Volatility::kImmutable, kStable = Volatility::kStable,
                     kVolatile = Volatility::kVolatile;

TEST(JudgeBuiltIn, TrustsWhatIsNotVolatileUnlessListed) {
  EXPECT_EQ(JudgeBuiltIn("upper", kImmutable), kHarmless);
  EXPECT_EQ(JudgeBuiltIn("current_setting", kStable), kObserves);
  EXPECT_EQ(JudgeBuiltIn("pg_show_all_settings", kStable), kObserves);
  EXPECT_EQ(JudgeBuiltIn("table_to_xml", kStable), kUnknown);
  EXPECT_EQ(JudgeBuiltIn("now", kStable), kVaries);
  EXPECT_EQ(JudgeBuiltIn("row_to_json", kStable), kHarmless);
}

TEST(JudgeBuiltIn, DistrustsWhatIsVolatileUnlessListed) {
  EXPECT_EQ(JudgeBuiltIn("set_config", kVolatile), kUnknown);
  EXPECT_EQ(JudgeBuiltIn("pg_advisory_lock", kVolatile), kUnknown);
  EXPECT_EQ(JudgeBuiltIn("query_to_xml", kVolatile), kUnknown);
  EXPECT_EQ(JudgeBuiltIn("gen_random_uuid", kVolatile), kVaries);
  EXPECT_EQ(JudgeBuiltIn("nextval", kVolatile), kVaries);
}

TEST(JudgeOfExtension, TrustsPlainCodeOfPureExtensionsOnly) {
  EXPECT_EQ(JudgeOfExtension("citext", "citext_eq", "c", kImmutable), kHarmless);
  EXPECT_EQ(JudgeOfExtension("citext", "citextin", "internal", kImmutable), kHarmless);
  EXPECT_EQ(JudgeOfExtension("citext", "regexp_match", "sql", kImmutable), kHarmless);
  EXPECT_EQ(JudgeOfExtension("postgis", "st_findextent", "plpgsql", kImmutable), kUnknown);
  EXPECT_EQ(JudgeOfExtension("tablefunc", "crosstab", "c", kImmutable), kUnknown);
  EXPECT_EQ(JudgeOfExtension("", "anything", "c", kImmutable), kUnknown);
}

TEST(JudgeOfExtension, KnowsThatLabelsLie) {
  EXPECT_EQ(JudgeOfExtension("isn", "isn_weak", "c", kImmutable), kUnknown);
  EXPECT_EQ(JudgeOfExtension("pg_trgm", "set_limit", "c", kVolatile), kUnknown);
  EXPECT_EQ(JudgeOfExtension("uuid-ossp", "uuid_generate_v4", "c", kVolatile), kVaries);
}

TEST(FootprintGraph, WhatReadsAnotherRelationVaries) {
  FootprintGraph graph;
  graph.Declare(Use::kRead, kTable);
  graph.Declare(Use::kRead, kOther);
  graph.DependOnTree(Use::kRead, kTable, "{QUERY :rtable ({RTE :relid 20003})}");
  graph.Propagate();

  EXPECT_TRUE(graph.Of(Use::kRead, kTable).varies);
  EXPECT_FALSE(graph.Of(Use::kRead, kOther).varies);
}

TEST(FootprintGraph, AFunctionThatIsLabelledImmutableAndObservesFoldsAndSoDoesWhatCallsIt) {
  FootprintGraph graph;
  graph.Declare(Use::kCall, kSomeFunction, kObserves);
  graph.LabelImmutable(kSomeFunction);
  graph.Declare(Use::kCall, kSomeFunction + 1);
  graph.LabelImmutable(kSomeFunction + 1);
  for (const Oid relation : {kTable, kOther}) graph.Declare(Use::kRead, relation);
  graph.Depend(Use::kRead, kTable, Use::kCall, kSomeFunction);
  graph.Depend(Use::kRead, kOther, Use::kCall, kSomeFunction + 1);
  graph.Propagate();

  EXPECT_TRUE(graph.Of(Use::kRead, kTable).folds);
  EXPECT_EQ(graph.Of(Use::kRead, kOther), kHarmless);
}

TEST(FootprintGraph, WhatFoldsWhereTheSessionKeepsItLasts) {
  FootprintGraph graph;
  graph.Declare(Use::kCall, kSomeFunction, kObserves);
  graph.LabelImmutable(kSomeFunction);
  for (const Oid relation : {kTable, kView, kOther}) graph.Declare(Use::kRead, relation);
  for (const Oid relation : {kTable, kOther}) {
    graph.Declare(Use::kKeep, relation);
    graph.Keeps(Use::kKeep, relation);
    graph.Depend(Use::kRead, relation, Use::kKeep, relation);
  }
  graph.Depend(Use::kKeep, kTable, Use::kCall, kSomeFunction);
  graph.Depend(Use::kRead, kOther, Use::kCall, kSomeFunction);
  graph.Depend(Use::kRead, kView, Use::kRead, kTable);
  graph.Propagate();

  EXPECT_TRUE(graph.Of(Use::kRead, kTable).lasts);
  EXPECT_TRUE(graph.Of(Use::kRead, kView).lasts);
  EXPECT_TRUE(graph.Of(Use::kRead, kOther).folds);
  EXPECT_FALSE(graph.Of(Use::kRead, kOther).lasts);
  EXPECT_TRUE(graph.has_lasting());
}

TEST(FootprintGraph, WhatIsFoldedIsATraceWhereFunctionsKeepTheirPlans) {
  for (const bool keep_plans : {false, true}) {
    FootprintGraph graph;
    if (keep_plans) graph.LetFunctionsKeepPlans();
    graph.Declare(Use::kCall, kSomeFunction, kObserves);
    graph.LabelImmutable(kSomeFunction);
    graph.Declare(Use::kCall, kSomeFunction + 1);
    graph.Depend(Use::kCall, kSomeFunction + 1, Use::kCall, kSomeFunction);
    graph.Declare(Use::kCall, kSomeFunction + 2, kObserves);
    graph.Propagate();

    EXPECT_EQ(graph.Of(Use::kCall, kSomeFunction + 1).leaves_traces, keep_plans);
    EXPECT_FALSE(graph.Of(Use::kCall, kSomeFunction + 2).leaves_traces);
  }
}

}  // namespace
}  // namespace pando::introspect
