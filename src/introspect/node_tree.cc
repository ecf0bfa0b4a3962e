#include "introspect/node_tree.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "catalog/observed.h"
#include "introspect/tree_walker.h"

namespace pando::introspect {
namespace {

template <size_t N>
bool EndsWithOneOf(std::string_view field, const std::array<std::string_view, N>& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return field.ends_with(ending); });
}

// By their endings rather than one by one, so that a field that a new major version brings is seen as well. What a
// looser match finds beyond the wanted are small numbers (joinType, commandType), which are no user-defined type.
constexpr std::array<std::string_view, 4> kFunctionFields = {"funcid", "fnoid", "InRangeFunc", "tsmhandler"};
constexpr std::array<std::string_view, 4> kOperatorFields = {"opno", "opnos", "eqop", "sortop"};
constexpr std::array<std::string_view, 7> kTypeFields = {"type", "types", "Type", "Types", "typeid", "typid", "typeId"};

// Expressions that give what their parts give, and a query around them; under the names of 15 and earlier, and of 16.
constexpr auto kKnownNodes = std::to_array<std::string_view>({
    "AGGREF",
    "ALIAS",
    "ARRAY",
    "ARRAYCOERCEEXPR",
    "ARRAYEXPR",
    "BOOLEANTEST",
    "BOOLEXPR",
    "CASE",
    "CASEEXPR",
    "CASETESTEXPR",
    "CASEWHEN",
    "COALESCE",
    "COALESCEEXPR",
    "COERCETODOMAIN",
    "COERCETODOMAINVALUE",
    "COERCEVIAIO",
    "COLLATEEXPR",
    "COMMONTABLEEXPR",
    "CONST",
    "DISTINCTEXPR",
    "FIELDSELECT",
    "FROMEXPR",
    "FUNCEXPR",
    "GROUPINGFUNC",
    "GROUPINGSET",
    "JOINEXPR",
    "MINMAX",
    "MINMAXEXPR",
    "NAMEDARGEXPR",
    "NULLIFEXPR",
    "NULLTEST",
    "OPEXPR",
    "PARAM",
    "QUERY",
    "RANGETBLENTRY",
    "RANGETBLFUNCTION",
    "RANGETBLREF",
    "RELABELTYPE",
    "ROW",
    "ROWCOMPARE",
    "ROWCOMPAREEXPR",
    "ROWEXPR",
    "RTE",
    "RTEPERMISSIONINFO",
    "SCALARARRAYOPEXPR",
    "SETOPERATIONSTMT",
    "SORTGROUPCLAUSE",
    "SQLVALUEFUNCTION",
    "SUBLINK",
    "SUBSCRIPTINGREF",
    "TARGETENTRY",
    "VAR",
    "WHEN",
    "WINDOWCLAUSE",
    "WINDOWFUNC",
});
static_assert(std::is_sorted(kKnownNodes.begin(), kKnownNodes.end()), "searched by halves");

// Whose input looks at nothing but the text: bool, bytea, name, int8, int2, int4, text, json, float4, float8, bpchar,
// varchar, numeric, uuid, jsonb, and arrays of text, int4, int8, uuid (pg_type.dat). That of dates and times takes
// words for the time that it is.
constexpr auto kTimelessTypes =
    std::to_array<std::string_view>({"16", "17", "19", "20", "21", "23", "25", "114", "700", "701", "1042", "1043",
                                     "1700", "2950", "3802", "1009", "1007", "1016", "2951"});

template <size_t kSize>
bool IsOneOf(const std::array<std::string_view, kSize>& listed, std::string_view word) {
  return std::find(listed.begin(), listed.end(), word) != listed.end();
}

// SQLValueFunctionOp: up to 8 are the current date and time in their forms, then come role, user and schema.
constexpr int kLastTimeValue = 8;
constexpr int kSelectCommand = 1;

// The number of a column. Of those that each table has (pg_attribute.h), what ctid, cmin, xmax and cmax show changes
// without a change of the row; xmin and tableoid do not.
bool ChangesUnseen(std::string_view column) { return column.starts_with('-') && column != "-2" && column != "-6"; }

void AddUserDefined(std::vector<Oid>& oids, std::optional<Oid> oid) {
  if (oid && *oid >= kFirstUserOid) oids.push_back(*oid);
}

void SortUnique(std::vector<Oid>& oids) {
  std::sort(oids.begin(), oids.end());
  oids.erase(std::unique(oids.begin(), oids.end()), oids.end());
}

class ReferenceReader {
 public:
  ReferenceReader(std::string_view tree, const ClaimGivers& givers) : walker_(tree), givers_(givers) {}

  NodeReferences Run() {
    using Step = TreeWalker::Step;
    for (Step step = walker_.Next(); step != Step::kEnd; step = walker_.Next()) {
      if (step == Step::kOpenNode) OpenNode(walker_.value());
      if (step == Step::kCloseNode) CloseNode();
      if (step == Step::kValue) TakeValue(walker_.field(), walker_.value());
    }
    CallUnknownSetting();
    SortUnique(found_.functions);
    SortUnique(found_.claim_givers);
    SortUnique(found_.operators);
    SortUnique(found_.types);
    SortUnique(found_.relations);
    return std::move(found_);
  }

 private:
  void OpenNode(std::string_view tag) {
    tag_ = tag;
    open_.push_back(tag);
    found_.varies = found_.varies || !std::binary_search(kKnownNodes.begin(), kKnownNodes.end(), tag);
    if (setting_call_ == 0 || name_) return;
    // The first argument.
    if (tag == "CONST") {
      name_.emplace();
    } else {
      CallUnknownSetting();
    }
  }

  void CloseNode() {
    if (!open_.empty()) open_.pop_back();
    if (name_) CloseName();
  }

  // What a call of current_setting names is known.
  void CloseName() {
    const std::optional<std::string> name = name_->text();
    if (name) {
      found_.settings |= catalog::ObservedByName(*name);
      setting_call_ = 0;
    }
    name_.reset();
    CallUnknownSetting();
  }

  void CallUnknownSetting() {
    if (setting_call_ != 0) found_.functions.push_back(setting_call_);
    setting_call_ = 0;
  }

  void TakeFunction(std::string_view field, Oid oid) {
    const bool is_call = field == "funcid" && tag_ == "FUNCEXPR";
    if (is_call && givers_.contains(oid)) {
      found_.settings |= catalog::Observed::kClaims;
      found_.claim_givers.push_back(oid);
      return;
    }
    if (!is_call || !IsCurrentSetting(oid)) {
      found_.functions.push_back(oid);
      return;
    }
    CallUnknownSetting();
    setting_call_ = oid;
  }

  // A list of oids, "(o 96 97)", comes here number by number under the name of its field.
  void TakeValue(std::string_view field, std::string_view value) {
    if (name_) name_->TakeField(field, value);
    if (field == "opfuncid" && value == "0") found_.varies = true;
    if (field == "resulttype" && !open_.empty() && open_.back() == "COERCEVIAIO" && !IsOneOf(kTimelessTypes, value)) {
      found_.varies = true;
    }
    if (EndsWithOneOf(field, kFunctionFields)) {
      const auto oid = ParseNumber<Oid>(value);
      if (oid && *oid != 0) TakeFunction(field, *oid);
    } else if (EndsWithOneOf(field, kOperatorFields)) {
      AddUserDefined(found_.operators, ParseNumber<Oid>(value));
    } else if (field == "varattno") {
      if (ChangesUnseen(value)) found_.varies = true;
    } else if (field == "relid") {
      const auto oid = ParseNumber<Oid>(value);
      if (oid && *oid != 0) found_.relations.push_back(*oid);
    } else if (field == "commandType") {
      if (ParseNumber<int>(value) != kSelectCommand) found_.writes = true;
    } else if (field == "hasForUpdate") {
      if (value == "true") found_.writes = true;
    } else if (EndsWithOneOf(field, kTypeFields)) {
      AddUserDefined(found_.types, ParseNumber<Oid>(value));
    } else if (field == "op" && tag_ == "SQLVALUEFUNCTION") {
      const bool tells_time = ParseNumber<int>(value).value_or(kLastTimeValue + 1) <= kLastTimeValue;
      if (tells_time) {
        found_.varies = true;
      } else {
        found_.settings |= catalog::Observed::kIdentity;
      }
    }
  }

  TreeWalker walker_;
  const ClaimGivers& givers_;
  std::vector<std::string_view> open_;  // tags of the nodes that are
  std::string_view tag_;  // of the node opened last: enough for nodes whose fields of interest come before children
  Oid setting_call_ = 0;  // a call of current_setting whose first argument has not been read
  std::optional<TextConstant> name_;  // that argument, while it is read
  NodeReferences found_;
};

// What is not known when an expression is planned.
constexpr auto kUnknownInPlanning = std::to_array<std::string_view>(
    {"COERCETODOMAINVALUE", "CURRENTOFEXPR", "NEXTVALUEEXPR", "PARAM", "SETTODEFAULT", "SUBLINK", "VAR"});

class FoldedCallReader {
 public:
  explicit FoldedCallReader(std::string_view tree) : walker_(tree) {}

  FoldedCalls Run() {
    using Step = TreeWalker::Step;
    for (Step step = walker_.Next(); step != Step::kEnd; step = walker_.Next()) {
      if (step == Step::kOpenNode) open_.push_back({{}, IsOneOf(kUnknownInPlanning, walker_.value())});
      if (step == Step::kCloseNode) CloseNode();
      if (step == Step::kValue) TakeValue();
    }
    SortUnique(found_.over_constants);
    SortUnique(found_.over_columns);
    return std::move(found_);
  }

 private:
  struct Open {
    std::vector<Oid> functions;
    bool is_unknown = false;  // something below it
  };

  void TakeValue() {
    if (open_.empty() || !EndsWithOneOf(walker_.field(), kFunctionFields)) return;
    const auto oid = ParseNumber<Oid>(walker_.value());
    if (oid && *oid != 0) open_.back().functions.push_back(*oid);
  }

  void CloseNode() {
    if (open_.empty()) return;
    const Open closed = std::move(open_.back());
    open_.pop_back();
    std::vector<Oid>& calls = closed.is_unknown ? found_.over_columns : found_.over_constants;
    calls.insert(calls.end(), closed.functions.begin(), closed.functions.end());
    if (closed.is_unknown && !open_.empty()) open_.back().is_unknown = true;
  }

  TreeWalker walker_;
  std::vector<Open> open_;
  FoldedCalls found_;
};

class TargetReader {
 public:
  explicit TargetReader(std::string_view tree) : walker_(tree) {}

  std::vector<TargetOrigin> Run() {
    using Step = TreeWalker::Step;
    for (Step step = walker_.Next(); step != Step::kEnd && !done_; step = walker_.Next()) {
      switch (step) {
        case Step::kOpenNode:
          OpenNode();
          break;
        case Step::kCloseNode:
          if (in_target_list_ && walker_.depth() == kQueryDepth) CloseTarget();
          break;
        case Step::kOpenList:
          if (walker_.depth() == kQueryDepth) in_target_list_ = walker_.field() == "targetList";
          break;
        case Step::kCloseList:
          if (in_target_list_ && walker_.depth() == kQueryDepth) done_ = true;
          break;
        case Step::kValue:
          if (in_target_list_ && walker_.depth() == kTargetDepth) TakeValue();
          break;
        case Step::kEnd:
          break;
      }
    }
    return std::move(origins_);
  }

 private:
  static constexpr int kQueryDepth = 1;
  static constexpr int kTargetDepth = 2;

  void OpenNode() {
    if (!in_target_list_ || walker_.depth() != kTargetDepth) return;
    target_ = {};
    is_junk_ = false;
  }

  void TakeValue() {
    const std::string_view field = walker_.field();
    if (field == "resno") target_.position = ParseNumber<int>(walker_.value()).value_or(0);
    if (field == "resorigtbl") target_.relation = ParseNumber<Oid>(walker_.value()).value_or(0);
    if (field == "resorigcol") target_.relation_column = ParseNumber<int>(walker_.value()).value_or(0);
    if (field == "resjunk") is_junk_ = walker_.value() != "false";
  }

  void CloseTarget() {
    if (!is_junk_ && target_.relation != 0 && target_.relation_column > 0) origins_.push_back(target_);
  }

  TreeWalker walker_;
  bool in_target_list_ = false;
  bool done_ = false;
  bool is_junk_ = false;
  TargetOrigin target_;
  std::vector<TargetOrigin> origins_;
};

// What has rows come otherwise than one for one, or be sorted, which is the same where many are grouped.
constexpr auto kManyToOneNodes = std::to_array<std::string_view>(
    {"AGGREF", "COMMONTABLEEXPR", "GROUPINGFUNC", "GROUPINGSET", "JOINEXPR", "RANGETBLFUNCTION", "SETOPERATIONSTMT",
     "SORTGROUPCLAUSE", "SUBLINK", "TABLESAMPLECLAUSE", "WINDOWCLAUSE", "WINDOWFUNC"});

class OneForOneReader {
 public:
  explicit OneForOneReader(std::string_view tree) : walker_(tree) {}

  bool Run() {
    using Step = TreeWalker::Step;
    for (Step step = walker_.Next(); step != Step::kEnd; step = walker_.Next()) {
      const bool is_limit = walker_.field() == "limitOffset" || walker_.field() == "limitCount";
      if (step == Step::kOpenNode) {
        const std::string_view tag = walker_.value();
        if (is_limit && walker_.begins_field()) return false;
        if (IsOneOf(kManyToOneNodes, tag)) return false;
        queries_ += tag == "QUERY" ? 1 : 0;
        relations_ += tag == "RANGETBLREF" ? 1 : 0;
      }
      if (step == Step::kValue && walker_.field() == "hasTargetSRFs" && walker_.value() != "false") return false;
    }
    return queries_ == 1 && relations_ == 1;
  }

 private:
  TreeWalker walker_;
  int queries_ = 0, relations_ = 0;
};

}  // namespace

NodeReferences ReadReferences(std::string_view tree, const ClaimGivers& givers) {
  NodeReferences references = ReferenceReader(tree, givers).Run();
  if (catalog::Overlap(references.settings, catalog::Observed::kClaims)) {
    references.claims = ReadClaimNames(tree, givers);
  }
  return references;
}

FoldedCalls ReadFoldedCalls(std::string_view tree) { return FoldedCallReader(tree).Run(); }

std::vector<TargetOrigin> ReadTargetOrigins(std::string_view tree) { return TargetReader(tree).Run(); }

bool ShowsOneForOne(std::string_view tree) { return OneForOneReader(tree).Run(); }

}  // namespace pando::introspect
