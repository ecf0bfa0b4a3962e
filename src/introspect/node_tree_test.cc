#include "introspect/node_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <string>

#include "catalog/observed.h"

namespace pando::introspect {
namespace {

using catalog::Observed;

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
  EXPECT_EQ(references.settings, Observed::kNothing);
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
  EXPECT_EQ(ReadReferences("{SQLVALUEFUNCTION :op 10 :type 19 :typmod -1}").settings, Observed::kIdentity);
  EXPECT_EQ(ReadReferences("{SQLVALUEFUNCTION :op 14 :type 19}").settings, Observed::kIdentity);
  EXPECT_EQ(ReadReferences("{SQLVALUEFUNCTION :op 3 :type 1184}").settings, Observed::kNothing);
  EXPECT_EQ(ReadReferences("{SQLVALUEFUNCTION :op SVFOP_CURRENT_USER :type 19}").settings, Observed::kIdentity);
}

// As PostgreSQL prints current_setting(NAME, true), on a machine whose bytes come in the order of ours.
std::string SettingCall(std::string_view name, std::string_view type = "25") {
  const auto length = static_cast<uint32_t>(name.size() + 4);
  const uint32_t header = std::endian::native == std::endian::little ? length << 2 : length;
  std::string bytes(4, '\0');
  std::memcpy(bytes.data(), &header, 4);
  std::string tree = "{FUNCEXPR :funcid 3294 :funcresulttype 25 :args ({CONST :consttype " + std::string(type) +
                     " :constisnull false :constvalue " + std::to_string(length) + " [";
  for (const char byte : bytes + std::string(name)) tree += " " + std::to_string(byte);
  return tree + " ]} {CONST :consttype 16 :constvalue 1 [ 1 0 0 0 0 0 0 0 ]})}";
}

TEST(ReadReferences, KnowsASettingByItsName) {
  const NodeReferences claims = ReadReferences(SettingCall("request.jwt.claims"));
  EXPECT_EQ(claims.settings, Observed::kClaims);
  EXPECT_THAT(claims.functions, IsEmpty());

  const NodeReferences two = ReadReferences("(" + SettingCall("request.path") + SettingCall("x.y") + ")");
  EXPECT_EQ(two.settings, Observed::kPath | Observed::kOther);
}

TEST(ReadReferences, ASettingWhoseNameIsNotUnderstoodIsACallLikeAnyOther) {
  const std::string known = SettingCall("request.path");
  const auto damaged = [&](std::string_view from, std::string_view to) {
    std::string tree = known;
    return tree.replace(tree.find(from), from.size(), to);
  };
  for (const std::string& tree : {
           std::string("{FUNCEXPR :funcid 2077 :args ({VAR :varno 1})}"),
           std::string("{FUNCEXPR :funcid 2077 :args <>}"),
           std::string("{FUNCEXPR :funcid 2077 :args ({RELABELTYPE :arg {CONST :consttype 25 :constvalue <>}})}"),
           std::string("{OPEXPR :opfuncid 2077 :args ({CONST :consttype 25 :constisnull true :constvalue <>})}"),
           std::string("{FUNCEXPR :funcid 2077 :args ({CONST :consttype 25 :constisnull true :constvalue <>})}"),
           SettingCall("request.path", "1043"),
           damaged(":constvalue 16", ":constvalue 17"),
           damaged("[ 64 0", "[ 65 0"),
       }) {
    const NodeReferences references = ReadReferences(tree);
    EXPECT_EQ(references.settings, Observed::kNothing) << tree;
    EXPECT_EQ(references.functions.size(), 1u) << tree;
  }
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

// A view's query with other parts.
std::string ViewQuery(const std::string& from, const std::string& more = "") {
  return "({QUERY :commandType 1 :hasTargetSRFs false :cteList <> :rtable ({RANGETBLENTRY :rtekind 0 :relid 20001}) "
         ":jointree {FROMEXPR :fromlist (" +
         from + ") :quals {OPEXPR :opno 96 :opfuncid 65}} :targetList ({TARGETENTRY :expr {VAR :varno 1} :resno 1}) " +
         more + " :limitOffset <> :limitCount <> :limitOption 0})";
}

TEST(ShowsOneForOne, OneRelationWithAConditionDoes) {
  EXPECT_TRUE(ShowsOneForOne(ViewQuery("{RANGETBLREF :rtindex 3}")));
}

TEST(ShowsOneForOne, WhatJoinsGroupsRepeatsOrCutsOffDoesNot) {
  const std::string one = "{RANGETBLREF :rtindex 1}";
  EXPECT_FALSE(ShowsOneForOne(ViewQuery(one + " {RANGETBLREF :rtindex 2}")));
  EXPECT_FALSE(ShowsOneForOne(ViewQuery("{JOINEXPR :jointype 0 :larg " + one + " :rarg <>}")));
  for (const std::string more :
       {":groupClause ({SORTGROUPCLAUSE :eqop 96})", ":havingQual {AGGREF :aggfnoid 2147}",
        ":setOperations {SETOPERATIONSTMT :op 1}", ":windowClause ({WINDOWCLAUSE :winref 1})",
        ":cteList ({COMMONTABLEEXPR :ctename x})", ":quals {SUBLINK :subselect <>}", ":x {QUERY :commandType 1}",
        ":hasTargetSRFs true", ":limitOffset {CONST :consttype 20}", ":limitCount {FUNCEXPR :funcid 481}"}) {
    EXPECT_FALSE(ShowsOneForOne(ViewQuery(one, more))) << more;
  }
  EXPECT_FALSE(ShowsOneForOne(kRule)) << "it is sorted";
}

TEST(ShowsOneForOne, WhatIsNoQueryDoesNot) {
  for (const std::string_view text : {"", "<>", "{QUERY}", "{RANGETBLREF :rtindex 1}", "\\"})
    EXPECT_FALSE(ShowsOneForOne(text)) << text;
}

TEST(ReadFoldedCalls, TellsCallsOverConstantsFromOthers) {
  const FoldedCalls calls = ReadFoldedCalls(
      "{BOOLEXPR :boolop and :args ("
      "{OPEXPR :opno 98 :opfuncid 67 :args ({VAR :varno 1} {FUNCEXPR :funcid 20001 :args ({CONST :consttype 23})})} "
      "{OPEXPR :opno 20011 :opfuncid 20002 :args ({CONST :consttype 25} {FUNCEXPR :funcid 20003 :args <>})} "
      "{FUNCEXPR :funcid 20004 :args ({RELABELTYPE :arg {COERCETODOMAINVALUE :typeId 25}})} "
      "{FUNCEXPR :funcid 20005 :args ({CONST :consttype 23} {PARAM :paramid 1})} "
      "{SCALARARRAYOPEXPR :opno 96 :opfuncid 20006 :args ({CONST} {ARRAYEXPR :elements ({FUNCEXPR :funcid "
      "20007})})})}");
  EXPECT_THAT(calls.over_constants, ElementsAre(20001, 20002, 20003, 20006, 20007));
  EXPECT_THAT(calls.over_columns, ElementsAre(67, 20004, 20005));
}

TEST(ReadFoldedCalls, OfNothingAreNone) {
  for (const std::string_view text : {"", "<>", "}", "{", ":funcid 20001"}) {
    EXPECT_THAT(ReadFoldedCalls(text).over_constants, IsEmpty()) << text;
    EXPECT_THAT(ReadFoldedCalls(text).over_columns, IsEmpty()) << text;
  }
}

TEST(ReadReferences, OfNothingAreNone) {
  EXPECT_THAT(ReadReferences("").functions, IsEmpty());
  EXPECT_THAT(ReadReferences("<>").relations, IsEmpty());
}

}  // namespace
}  // namespace pando::introspect
