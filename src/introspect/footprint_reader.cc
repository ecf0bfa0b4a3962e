#include "introspect/footprint_reader.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "introspect/row.h"
#include "introspect/sql_body.h"

namespace pando::introspect {
namespace {

// any, anyarray, record, anyelement, anynonarray, anyenum, anyrange, anymultirange, anycompatible and its kin.
constexpr std::array<Oid, 13> kPolymorphicTypes = {2276, 2277, 2249, 2283, 2776, 3500, 3831,
                                                   4537, 5077, 5078, 5079, 5080, 4538};

bool TakesAny(Oid type) {
  return std::find(kPolymorphicTypes.begin(), kPolymorphicTypes.end(), type) != kPolymorphicTypes.end();
}

// Things by their names, in whatever schema.
using ByName = std::unordered_multimap<std::string_view, Oid>;

class Reader {
 public:
  Reader(const Answers& answers, int server_version) : answers_(answers) {
    constexpr int kPlansOfSqlFunctionsAreKept = 180'000;
    if (server_version >= kPlansOfSqlFunctionsAreKept) graph_.LetFunctionsKeepPlans();
  }

  FootprintGraph Run() {
    ParseTextBodies();
    ReadFunctions();
    ReadSignatures();
    ReadRelations();
    ReadRules();
    ReadPolicies();
    ReadTriggersAndCascades();
    ReadDefaults();
    ReadExpressions();
    ReadTypes();
    ReadOperators();
    ReadCompanions();
    ReadColumnTypes();
    ReadBodies();
    graph_.Propagate();
    return std::move(graph_);
  }

 private:
  void ParseTextBodies();
  void ReadFunctions();
  void ReadFunction(const Row& row);
  void ReadSignatures();
  void ReadRelations();
  void ReadRules();
  void ReadRule(const Row& row);
  void ReadPolicies();
  void ReadTriggersAndCascades();
  void ReadDefaults();
  void ReadExpressions();
  void ReadTypes();
  void ReadOperators();
  void ReadCompanions();
  void ReadColumnTypes();
  void ReadBodies();
  void ReadTextBody(Oid function, const std::optional<BodyNames>& names);
  void DependOnNames(Use use, Oid function, const std::set<std::string>& names, Use on_use, const ByName& known) {
    for (const std::string& name : names) {
      const auto [begin, end] = known.equal_range(name);
      for (auto it = begin; it != end; ++it) graph_.Depend(use, function, on_use, it->second);
    }
  }
  void Plans(Use use, Oid oid, std::string_view tree);
  void PlansAndKeeps(Use use, Oid oid, Use keep, std::string_view tree);
  void Inlines(Oid function, const std::optional<BodyNames>& names);
  void Calls(Use use, Oid oid, Oid function) {
    if (function != 0) graph_.Depend(use, oid, Use::kCall, function);
  }
  void Involves(Oid type, Oid other) {
    if (other != 0) graph_.Depend(Use::kType, type, Use::kType, other);
  }

  const Answers& answers_;
  FootprintGraph graph_;
  std::unordered_set<Oid> aggregates_;
  std::unordered_set<Oid> immutable_, in_sql_;                   // functions of users, by what is said of them
  std::unordered_set<Oid> pure_;                                 // those whose authors are known
  std::set<std::pair<Use, Oid>> kept_;                           // expressions
  std::vector<std::pair<Oid, std::string_view>> parsed_bodies_;  // of functions in SQL
  std::unordered_set<Oid> with_row_security_;
  std::vector<Oid> relations_;                // of users
  std::unordered_map<Oid, Oid> row_type_of_;  // relation or composite -> its type
  std::unordered_set<Oid> accompanied_;       // types of the server's that bring code of users along
  std::vector<std::pair<Oid, std::optional<BodyNames>>> text_bodies_;
  ByName functions_by_name_, operators_by_name_, codes_by_operator_, relations_by_name_, types_by_name_;
};

// A user's function whose body is kept as text, and comes from no extension.
bool HasTextBody(const Row& row) {
  return row.OidAt(0) >= kFirstUserOid && row.IsNull(5) && !row.IsNull(7) && row.View(4).empty();
}

// Also tells which give the claims: Supabase's auth.jwt() and its like. One that calls itself IMMUTABLE is folded into
// plans, which trees are to know.
void Reader::ParseTextBodies() {
  ClaimGivers givers;
  ForEachRow(answers_[Query::kFunctionTraits], [&](const Row& row) {
    if (!HasTextBody(row)) return;
    const Oid oid = row.OidAt(0);
    const std::optional<BodyNames>& names = text_bodies_.emplace_back(oid, ReadSqlBody(row.View(7))).second;
    const bool is_folded = VolatilityOf(row.Char(2)) == Volatility::kImmutable;
    if (names && names->gives_claims && !is_folded) givers.insert(oid);
  });
  graph_.SetClaimGivers(std::move(givers));
}

void Reader::ReadFunctions() {
  ForEachRow(answers_[Query::kAggregateParts], [&](const Row& row) {
    const Oid aggregate = row.OidAt(0);
    aggregates_.insert(aggregate);
    graph_.Declare(Use::kCall, aggregate);
    Calls(Use::kCall, aggregate, row.OidAt(1));
  });
  ForEachRow(answers_[Query::kFunctionTraits], [&](const Row& row) { ReadFunction(row); });
}

void Reader::ReadFunction(const Row& row) {
  const Oid oid = row.OidAt(0);
  const std::string_view name = row.View(1), language = row.View(3), extension = row.View(4);
  const Volatility volatility = VolatilityOf(row.Char(2));
  functions_by_name_.emplace(name, oid);
  if (oid >= kFirstUserOid && volatility == Volatility::kImmutable) {
    graph_.LabelImmutable(oid);
    immutable_.insert(oid);
  }
  if (oid >= kFirstUserOid && language == "sql") in_sql_.insert(oid);
  const Footprint at_best = JudgeOfExtension(extension, name, language, Volatility::kImmutable);
  if (oid >= kFirstUserOid && at_best == kHarmless) pure_.insert(oid);
  if (!row.IsNull(6)) graph_.DependOnTree(Use::kCall, oid, row.View(6));
  if (aggregates_.contains(oid)) return;
  if (oid < kFirstUserOid) {
    graph_.Declare(Use::kCall, oid, JudgeBuiltIn(name, volatility));
  } else if (!row.IsNull(5)) {
    // A body that was parsed when the function was made calls what it says and nothing else.
    graph_.Declare(Use::kCall, oid);
    graph_.DependOnTree(Use::kCall, oid, row.View(5));
    if (language == "sql") parsed_bodies_.emplace_back(oid, row.View(5));
  } else if (!HasTextBody(row)) {
    graph_.Declare(Use::kCall, oid, JudgeOfExtension(extension, name, language, volatility));
  }
}

// Arguments are turned from text into their types, results back.
void Reader::ReadSignatures() {
  ForEachRow(answers_[Query::kArguments],
             [&](const Row& row) { graph_.Depend(Use::kCall, row.OidAt(0), Use::kType, row.OidAt(2)); });
  ForEachRow(answers_[Query::kFunctions],
             [&](const Row& row) { graph_.Depend(Use::kCall, row.OidAt(0), Use::kType, row.OidAt(7)); });
}

void Reader::ReadRelations() {
  ForEachRow(answers_[Query::kRelationTraits], [&](const Row& row) {
    const Oid oid = row.OidAt(0);
    relations_by_name_.emplace(row.View(3), oid);
    if (oid < kFirstUserOid) {
      // The server's own views: many of them show settings or what the session may see.
      graph_.Declare(Use::kRead, oid, kObserves);
      return;
    }
    // What a foreign data wrapper does is its own code's business.
    graph_.Declare(Use::kRead, oid, row.Char(1) == 'f' ? kUnknown : kHarmless);
    graph_.Declare(Use::kWrite, oid);
    graph_.Depend(Use::kWrite, oid, Use::kRead, oid);
    relations_.push_back(oid);
    if (row.IsTrue(2)) with_row_security_.insert(oid);
  });
  ForEachRow(answers_[Query::kInheritance], [&](const Row& row) {
    graph_.Depend(Use::kRead, row.OidAt(0), Use::kRead, row.OidAt(1));
    graph_.Depend(Use::kWrite, row.OidAt(0), Use::kWrite, row.OidAt(1));
  });
}

void Reader::ReadRules() {
  ForEachRow(answers_[Query::kRules], [&](const Row& row) { ReadRule(row); });
}

void Reader::ReadRule(const Row& row) {
  const Oid relation = row.OidAt(0);
  const bool is_select = row.Char(2) == '1';
  // The rule of a materialized view runs at REFRESH only.
  if (is_select && row.Char(1) != 'v') return;
  graph_.DependOnTree(Use::kWrite, relation, row.View(3));
  if (!is_select) {
    graph_.DependOnTree(Use::kWrite, relation, row.View(4));
    return;
  }
  const NodeReferences references = graph_.DependOnQuery(relation, row.View(4));
  // A write to an updatable view is a write to one of the relations it shows.
  for (const Oid shown : references.relations) graph_.Depend(Use::kWrite, relation, Use::kWrite, shown);
}

void Reader::ReadPolicies() {
  ForEachRow(answers_[Query::kPolicies], [&](const Row& row) {
    const Oid relation = row.OidAt(0);
    if (!with_row_security_.contains(relation)) return;
    const char command = row.Char(1);
    const bool for_reading = command == 'r' || command == '*';
    for (const int expression : {2, 3}) {
      graph_.DependOnTree(Use::kWrite, relation, row.View(expression));
      if (for_reading) graph_.DependOnTree(Use::kRead, relation, row.View(expression));
    }
  });
}

void Reader::ReadTriggersAndCascades() {
  ForEachRow(answers_[Query::kTriggers], [&](const Row& row) {
    Calls(Use::kWrite, row.OidAt(0), row.OidAt(1));
    graph_.DependOnTree(Use::kWrite, row.OidAt(0), row.View(2));
  });
  ForEachRow(answers_[Query::kCascades],
             [&](const Row& row) { graph_.Depend(Use::kWrite, row.OidAt(0), Use::kWrite, row.OidAt(1)); });
}

// A default or a stored generated column is evaluated when the relation is written, a virtual one when it is read.
void Reader::ReadDefaults() {
  std::set<std::pair<Oid, int>> virtual_columns;
  ForEachRow(answers_[Query::kVirtualColumns],
             [&](const Row& row) { virtual_columns.emplace(row.OidAt(0), row.Int(1)); });
  ForEachRow(answers_[Query::kDefaults], [&](const Row& row) {
    const NodeReferences references = ReadReferences(row.View(2), graph_.claim_givers());
    row.ForEachColumn(0, [&](Oid relation, int number) {
      const Use use = virtual_columns.contains({relation, number}) ? Use::kRead : Use::kWrite;
      graph_.DependOnReferences(use, relation, references);
    });
  });
}

// Whoever reads a relation plans its checks, to leave out partitions and children, its indexes and its statistics.
void Reader::ReadExpressions() {
  ForEachRow(answers_[Query::kExpressions], [&](const Row& row) {
    const char what = row.Char(0);
    const Oid owner = row.OidAt(1);
    const std::string_view tree = row.View(2);
    const bool is_of_type = what == 'd' || what == 't';
    if (what != 's') graph_.DependOnTree(is_of_type ? Use::kType : Use::kWrite, owner, tree);
    if (what == 'c' || what == 's') Plans(Use::kRead, owner, tree);
    if (what == 'i' || what == 'p') PlansAndKeeps(Use::kRead, owner, Use::kKeep, tree);
    if (what == 'd') PlansAndKeeps(Use::kType, owner, Use::kKeepOfType, tree);
  });
  // Which rows a partition may have is told by the key of what it is a partition of.
  ForEachRow(answers_[Query::kInheritance], [&](const Row& row) {
    if (!kept_.contains({Use::kKeep, row.OidAt(0)})) return;
    graph_.Depend(Use::kRead, row.OidAt(1), Use::kKeep, row.OidAt(0));
  });
}

// What runs when the expression is planned. None of the server's own functions that it calls then does more than give a
// value.
void Reader::Plans(Use use, Oid oid, std::string_view tree) {
  const FoldedCalls calls = ReadFoldedCalls(tree);
  for (const Oid function : calls.over_constants) {
    if (immutable_.contains(function)) Calls(use, oid, function);
    if (in_sql_.contains(function)) graph_.Depend(use, oid, Use::kInline, function);
  }
  for (const Oid function : calls.over_columns) {
    if (in_sql_.contains(function)) graph_.Depend(use, oid, Use::kInline, function);
  }
}

void Reader::PlansAndKeeps(Use use, Oid oid, Use keep, std::string_view tree) {
  if (kept_.emplace(keep, oid).second) {
    graph_.Declare(keep, oid);
    graph_.Keeps(keep, oid);
    graph_.Depend(use, oid, keep, oid);
  }
  Plans(keep, oid, tree);
}

void Reader::ReadTypes() {
  ForEachRow(answers_[Query::kTypeTraits], [&](const Row& row) {
    const Oid type = row.OidAt(0);
    graph_.Declare(Use::kType, type);
    types_by_name_.emplace(row.View(9), type);
    Involves(type, row.OidAt(2));
    Involves(type, row.OidAt(3));
    if (row.OidAt(4) != 0) row_type_of_.emplace(row.OidAt(4), type);
    // The server's own do nothing but read and print; what looks at the time is seen where it is called.
    for (const int function : {5, 6}) {
      if (row.OidAt(function) >= kFirstUserOid) Calls(Use::kType, type, row.OidAt(function));
    }
    Involves(type, row.OidAt(7));
    Calls(Use::kType, type, row.OidAt(8));
  });
}

void Reader::ReadOperators() {
  ForEachRow(answers_[Query::kOperators], [&](const Row& row) {
    graph_.Declare(Use::kOperate, row.OidAt(0));
    operators_by_name_.emplace(row.View(2), row.OidAt(0));
    Calls(Use::kOperate, row.OidAt(0), row.OidAt(1));
    // What they give decides how a statement runs, and not what it answers.
    for (const int estimator : {3, 4}) {
      const Oid function = row.OidAt(estimator);
      if (function >= kFirstUserOid && !pure_.contains(function)) Calls(Use::kOperate, row.OidAt(0), function);
    }
    codes_by_operator_.emplace(row.View(2), row.OidAt(1));
  });
}

void Reader::ReadCompanions() {
  ForEachRow(answers_[Query::kCompanions], [&](const Row& row) {
    const Oid function = row.OidAt(0), type = row.OidAt(1);
    Calls(Use::kType, type, function);
    if (type < kFirstUserOid) accompanied_.insert(type);
    if (!TakesAny(type)) return;
    for (const Oid relation : relations_) Calls(Use::kRead, relation, function);
  });
}

// Reading a relation shows values of its columns' types, and perhaps the row as a whole.
void Reader::ReadColumnTypes() {
  for (const auto& [relation, row_type] : row_type_of_) graph_.Depend(Use::kRead, relation, Use::kType, row_type);
  ForEachRow(answers_[Query::kColumns], [&](const Row& row) {
    const Oid type = row.OidAt(3);
    if (type < kFirstUserOid && !accompanied_.contains(type)) return;
    const auto row_type = row_type_of_.find(row.OidAt(0));
    if (row_type != row_type_of_.end()) Involves(row_type->second, type);
  });
}

void Reader::ReadBodies() {
  for (const auto& [function, tree] : parsed_bodies_) {
    graph_.Declare(Use::kInline, function);
    Plans(Use::kInline, function, tree);
  }
  for (const Oid function : pure_) graph_.Declare(Use::kInline, function);
  for (const auto& [function, names] : text_bodies_) {
    ReadTextBody(function, names);
    Inlines(function, names);
  }
}

// Of what a body names, everything that may be called when it is planned with columns for its arguments.
void Reader::Inlines(Oid function, const std::optional<BodyNames>& names) {
  graph_.Declare(Use::kInline, function, names ? kHarmless : kUnknown);
  if (!names) return;
  const auto add = [&](const std::set<std::string>& used, const ByName& known) {
    for (const std::string& name : used) {
      const auto [begin, end] = known.equal_range(name);
      for (auto it = begin; it != end; ++it) {
        if (immutable_.contains(it->second)) Calls(Use::kInline, function, it->second);
        if (in_sql_.contains(it->second)) graph_.Depend(Use::kInline, function, Use::kInline, it->second);
      }
    }
  };
  add(names->functions, functions_by_name_);
  add(names->operators, codes_by_operator_);
}

// Such a body is parsed anew at each call, under whatever search path there is: it may do what anything of its names
// does.
void Reader::ReadTextBody(Oid function, const std::optional<BodyNames>& names) {
  // What gives the claims does the rest of what it does for whoever asks, too.
  const Use use = graph_.claim_givers().contains(function) ? Use::kGive : Use::kCall;
  if (use == Use::kGive) {
    graph_.Declare(Use::kCall, function);
    graph_.Depend(Use::kCall, function, Use::kGive, function);
  }
  // Code that comes along with the server's own types is met without being named.
  if (!names || !accompanied_.empty()) {
    graph_.Declare(use, function, kUnknown);
    return;
  }
  // What draws from a sequence is refused in a transaction that is read only, which is a setting as well.
  const bool draws = names->functions.contains("nextval");
  Footprint own = draws ? kObserves : kHarmless;
  own.varies = own.varies || names->varies || !names->relations.empty();
  graph_.Declare(use, function, own);
  graph_.DeclareSettings(Use::kCall, function, names->settings, names->claims);
  DependOnNames(use, function, names->functions, Use::kCall, functions_by_name_);
  // name(x) may be a cast to a type as well.
  DependOnNames(use, function, names->functions, Use::kType, types_by_name_);
  DependOnNames(use, function, names->types, Use::kType, types_by_name_);
  DependOnNames(use, function, names->operators, Use::kOperate, operators_by_name_);
  DependOnNames(use, function, names->relations, Use::kRead, relations_by_name_);
}

}  // namespace

FootprintGraph ReadFootprints(const Answers& answers, int server_version) {
  return Reader(answers, server_version).Run();
}

}  // namespace pando::introspect
