#include "introspect/node_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pando::introspect {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What PostgreSQL 15 stores for
//   SELECT f.id, f.title AS ":resorigtbl", upper(f.title) AS big FROM films f ORDER BY f.year
// with the parts that do not matter here cut out.
constexpr std::string_view kRule =
    "({QUERY :commandType 1 :querySource 0 :canSetTag true :utilityStmt <> :resultRelation 0 :cteList <> :rtable "
    "({RANGETBLENTRY :alias {ALIAS :aliasname f :colnames <>} :eref {ALIAS :aliasname f :colnames (\"id\" \"ti\\ tle\" "
    "\"a\\)b\")} :rtekind 0 :relid 20001 :relkind r :selectedCols (b 8 9 10)}) :jointree {FROMEXPR :fromlist "
    "({RANGETBLREF :rtindex 1}) :quals <>} :targetList ({TARGETENTRY :expr {VAR :varno 1 :varattno 1 :vartype 23 "
    ":vartypmod -1 :location 7} :resno 1 :resname id :ressortgroupref 0 :resorigtbl 20001 :resorigcol 1 :resjunk "
    "false} {TARGETENTRY :expr {VAR :varno 1 :varattno 2 :vartype 20100} :resno 2 :resname :resorigtbl "
    ":ressortgroupref 0 :resorigtbl 20001 :resorigcol 2 :resjunk false} {TARGETENTRY :expr {FUNCEXPR :funcid 871 "
    ":funcresulttype 25 :args ({VAR :varno 1 :varattno 2 :vartype 25})} :resno 3 :resname big :ressortgroupref 0 "
    ":resorigtbl 0 :resorigcol 0 :resjunk false} {TARGETENTRY :expr {VAR :varno 1 :varattno 3 :vartype 23} :resno 4 "
    ":resname year :ressortgroupref 1 :resorigtbl 20001 :resorigcol 3 :resjunk true}) :override 0 :sortClause "
    "({SORTGROUPCLAUSE :tleSortGroupRef 1 :eqop 96 :sortop 20200 :nulls_first false :hashable true}) :limitOption 0})";

TEST(ReadTargetOrigins, FindsTheColumnsThatAreARelationsOwn) {
  const std::vector<TargetOrigin> origins = ReadTargetOrigins(kRule);

  ASSERT_EQ(origins.size(), 2u);
  EXPECT_EQ(origins[0].position, 1);
  EXPECT_EQ(origins[0].relation, 20001u);
  EXPECT_EQ(origins[0].relation_column, 1);
  EXPECT_EQ(origins[1].position, 2);
  EXPECT_EQ(origins[1].relation_column, 2);
}

TEST(ReadTargetOrigins, LooksAtTheOutermostTargetListOnly) {
  const auto origins = ReadTargetOrigins(
      "({QUERY :commandType 1 :rtable ({RTE :subquery {QUERY :commandType 1 :targetList ({TARGETENTRY :expr <> :resno "
      "9 "
      ":resname a :resorigtbl 1 :resorigcol 1 :resjunk false})}}) :targetList ({TARGETENTRY :expr {SUBLINK :subselect "
      "{QUERY :targetList ({TARGETENTRY :expr <> :resno 8 :resname b :resorigtbl 2 :resorigcol 2 :resjunk false})}} "
      ":resno 1 :resname c :resorigtbl 3 :resorigcol 3 :resjunk false}) :returningList ({TARGETENTRY :expr <> :resno 7 "
      ":resname d :resorigtbl 4 :resorigcol 4 :resjunk false})})");

  ASSERT_EQ(origins.size(), 1u);
  EXPECT_EQ(origins[0].relation, 3u);
}

TEST(ReadTargetOrigins, SurvivesTextThatIsNoTree) {
  for (const std::string_view text :
       {"", "<>", "(", "{", "{QUERY", ":targetList", "})})", "({QUERY :targetList ({TARGETENTRY :resno",
        "{QUERY :targetList ({T :resno x :resorigtbl 99999999999999999 :resorigcol 1})}", "\\"}) {
    EXPECT_THAT(ReadTargetOrigins(text), IsEmpty()) << text;
  }
}

TEST(ReadReferences, CollectsRelationsFunctionsUserTypesAndUserOperators) {
  const NodeReferences references = ReadReferences(kRule);

  EXPECT_THAT(references.relations, ElementsAre(20001u));
  EXPECT_THAT(references.functions, ElementsAre(871u));
  EXPECT_THAT(references.types, ElementsAre(20100u));
  EXPECT_THAT(references.operators, ElementsAre(20200u));
  EXPECT_FALSE(references.reads_identity);
  EXPECT_FALSE(references.writes);
}

TEST(ReadReferences, CollectsFunctionsOfEveryKindOfCallOnce) {
  EXPECT_THAT(
      ReadReferences("{OPEXPR :opno 96 :opfuncid 65} {AGGREF :aggfnoid 2108 :aggtype 20} {WINDOWFUNC :winfnoid 3100} "
                     "{FUNCEXPR :funcid 65} {SCALARARRAYOPEXPR :opfuncid 67 :hashfuncid 0} {TABLESAMPLECLAUSE "
                     ":tsmhandler 3313} {WINDOWCLAUSE :startInRangeFunc 4130 :endInRangeFunc 0}")
          .functions,
      ElementsAre(65u, 67u, 2108u, 3100u, 3313u, 4130u));
}

TEST(ReadReferences, ReadsListsOfOids) {
  EXPECT_THAT(ReadReferences("{ROWCOMPAREEXPR :rctype 1 :opnos (o 20300 97 20301) :opfamilies (o 1976)}").operators,
              ElementsAre(20300u, 20301u));
  EXPECT_THAT(ReadReferences("{RTE :coltypes (o 23 20400) :coltypmods (i -1 -1)}").types, ElementsAre(20400u));
}

TEST(ReadReferences, SeesTheSessionsIdentityButNotTheCurrentTime) {
  EXPECT_TRUE(ReadReferences("{SQLVALUEFUNCTION :op 10 :type 19 :typmod -1}").reads_identity);
  EXPECT_TRUE(ReadReferences("{SQLVALUEFUNCTION :op 14 :type 19}").reads_identity);
  EXPECT_FALSE(ReadReferences("{SQLVALUEFUNCTION :op 3 :type 1184}").reads_identity);
  EXPECT_TRUE(ReadReferences("{SQLVALUEFUNCTION :op SVFOP_CURRENT_USER :type 19}").reads_identity);
}

TEST(ReadReferences, SeesStatementsThatWrite) {
  EXPECT_TRUE(ReadReferences("({QUERY :commandType 3 :resultRelation 1})").writes);
  EXPECT_TRUE(ReadReferences("({QUERY :commandType 1 :hasForUpdate true})").writes);
  EXPECT_FALSE(ReadReferences("({QUERY :commandType 1 :hasForUpdate false})").writes);
  EXPECT_TRUE(ReadReferences("({QUERY :commandType 1 :cteList ({CTE :ctequery {QUERY :commandType 4}})})").writes);
}

TEST(ReadReferences, IsNotDeceivedByNamesThatLookLikeFields) {
  const NodeReferences references =
      ReadReferences("{T :resname :funcid :resno 1} {ALIAS :aliasname :relid :colnames (\":opno\" \":funcid\\ 9\")}");

  EXPECT_THAT(references.functions, IsEmpty());
  EXPECT_THAT(references.relations, IsEmpty());
}

TEST(ReadReferences, OfNothingAreNone) {
  EXPECT_THAT(ReadReferences("").functions, IsEmpty());
  EXPECT_THAT(ReadReferences("<>").relations, IsEmpty());
}

}  // namespace
}  // namespace pando::introspect
