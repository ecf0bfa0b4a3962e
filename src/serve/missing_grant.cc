#include "serve/missing_grant.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include "catalog/function.h"

namespace pando::serve {
namespace {

using catalog::Relation;

// -------------------------------------------------------------------------------------------------------- the object

// What PostgreSQL calls an object (aclcheck_error), and how its catalogs do (pg_class.relkind, pg_proc.prokind).
struct KindOfObject {
  enum class What { kRelation, kFunction, kSequence, kSchema, kOther };
  std::string_view words;
  What what;
  std::string_view kinds;  // letters
};
using What = KindOfObject::What;

constexpr std::array<KindOfObject, 12> kKindsOfObjects = {{{"table ", What::kRelation, "rp"},
                                                           {"view ", What::kRelation, "v"},
                                                           {"materialized view ", What::kRelation, "m"},
                                                           {"foreign table ", What::kRelation, "f"},
                                                           {"function ", What::kFunction, "fw"},
                                                           {"aggregate ", What::kFunction, "a"},
                                                           {"sequence ", What::kSequence, "S"},
                                                           {"schema ", What::kSchema, ""},
                                                           {"procedure ", What::kOther, ""},
                                                           {"type ", What::kOther, ""},
                                                           {"domain ", What::kOther, ""},
                                                           {"foreign server ", What::kOther, ""}}};

struct Refused {
  What what = What::kOther;
  std::vector<std::string> kinds;
  std::string name;
};

std::optional<Refused> ReadRefused(std::string_view object) {
  for (const KindOfObject& kind : kKindsOfObjects) {
    if (!object.starts_with(kind.words)) continue;
    Refused refused{kind.what, {}, std::string(object.substr(kind.words.size()))};
    for (const char letter : kind.kinds) refused.kinds.emplace_back(1, letter);
    if (refused.name.empty() || refused.name.size() > catalog::kNameBytesMax) return std::nullopt;
    return refused;
  }
  return std::nullopt;
}

char LetterOf(Relation::Kind kind) {
  switch (kind) {
    case Relation::Kind::kTable:
      return 'r';
    case Relation::Kind::kPartitionedTable:
      return 'p';
    case Relation::Kind::kView:
      return 'v';
    case Relation::Kind::kMaterializedView:
      return 'm';
    case Relation::Kind::kForeignTable:
      return 'f';
  }
  return 'r';
}

bool Is(const Relation& relation, const Refused& refused) {
  const auto is_kind = [&](const std::string& kind) { return kind[0] == LetterOf(relation.kind); };
  return relation.name.name == refused.name && std::any_of(refused.kinds.begin(), refused.kinds.end(), is_kind);
}

// --------------------------------------------------------------------------------------------------------- the needs

// Of the whole request.
sql::Needs NeedsOfRequest(const DeniedContext& context) {
  sql::Needs needs;
  for (const plan::Plan* plan : {context.plan, context.before}) {
    if (!plan) continue;
    sql::Needs more = sql::NeedsOf(*plan);
    std::move(more.relations.begin(), more.relations.end(), std::back_inserter(needs.relations));
    std::move(more.functions.begin(), more.functions.end(), std::back_inserter(needs.functions));
  }
  if (context.plan || !context.named) return needs;
  // Only what a body is refused for is certain.
  if (context.named->relation) {
    needs.relations.push_back({context.named->relation, context.method == "PATCH" ? "UPDATE" : "INSERT", {}});
  }
  for (const catalog::Function* function : context.named->functions) {
    needs.functions.push_back({function->name, function->oid});
  }
  return needs;
}

bool ReadsAny(const DeniedContext& context) {
  const auto varies = [](const plan::Plan* plan) { return plan && plan->footprint.varies; };
  const bool is_of_body = !context.plan && context.named;  // the privilege was asked for, and nothing ran
  return !context.is_schema_certain || varies(context.plan) || varies(context.before) || (!context.plan && !is_of_body);
}

struct Asked {
  bool is_named = false;  // the request itself may name the object
  sql::Query question;
};

Asked AskForRelation(const Refused& refused, sql::Needs needs, const DeniedContext& context) {
  sql::RefusedRelation question;
  question.name = refused.name;
  question.kinds = refused.kinds;
  question.reaches_any = ReadsAny(context);
  if (context.plan && context.plan->mutation) {
    const Relation& target = *context.plan->mutation->relation;
    if (target.one_for_one) question.written = target.one_for_one->table;
  }
  Asked asked;
  for (sql::RelationNeed& need : needs.relations) {
    const Relation& relation = *need.relation;
    const bool is_it = Is(relation, refused);
    for (const Relation::Shown& shown : relation.shows) {
      if (shown.name.name == refused.name) question.shown.push_back(shown.oid);
    }
    asked.is_named = asked.is_named || is_it || relation.reads_as_caller;
    if (is_it || relation.reads_as_caller) question.needs.push_back(std::move(need));
  }
  asked.question = sql::WriteLacking(context.role, question);
  return asked;
}

Asked AskForFunction(const Refused& refused, sql::Needs needs, const DeniedContext& context) {
  sql::RefusedFunction question{refused.name, refused.kinds, {}};
  for (sql::FunctionNeed& need : needs.functions) {
    if (need.name.name == refused.name) question.needs.push_back(std::move(need));
  }
  return {!question.needs.empty(), sql::WriteLacking(context.role, question)};
}

Asked AskForSequence(const Refused& refused, const DeniedContext& context) {
  sql::RefusedSequence question{refused.name, {}};
  if (context.plan && context.plan->mutation) {
    const Relation& target = *context.plan->mutation->relation;
    question.filled.push_back(target.oid);
    for (const Relation::Shown& shown : target.shows) question.filled.push_back(shown.oid);
  }
  return {!question.filled.empty(), sql::WriteLacking(context.role, question)};
}

Asked Ask(const Refused& refused, const DeniedContext& context) {
  switch (refused.what) {
    case What::kRelation:
      return AskForRelation(refused, NeedsOfRequest(context), context);
    case What::kFunction:
      return AskForFunction(refused, NeedsOfRequest(context), context);
    case What::kSequence:
      return AskForSequence(refused, context);
    case What::kSchema:
      return {true, sql::WriteLacking(context.role, sql::RefusedSchema{refused.name})};
    case What::kOther:
      break;
  }
  return {};
}

// --------------------------------------------------------------------------------------------------------- sentences

constexpr std::string_view kBegin = "A privilege on ";

std::string Sentence(const std::string& object, std::string_view rest) {
  return std::string(kBegin).append(object).append(" is missing").append(rest);
}

// An object in the answer.
struct Found {
  bool is_named = false;
  std::string name;
  std::optional<bool> lacks;
  std::string privileges;
  std::optional<std::string> grant;
};

std::vector<Found> ReadFound(const pg::Rows& rows) {
  using Columns = sql::LackingColumns;
  std::vector<Found> found;
  for (int row = 0; row < rows.size(); ++row) {
    Found& object = found.emplace_back();
    object.is_named = rows.Get(row, Columns::kNamed) == "t";
    object.name = rows.Get(row, Columns::kName).value_or("");
    if (const auto lacks = rows.Get(row, Columns::kLacks)) object.lacks = *lacks == "t";
    object.privileges = rows.Get(row, Columns::kPrivileges).value_or("");
    if (const auto grant = rows.Get(row, Columns::kGrant)) object.grant = std::string(*grant);
  }
  return found;
}

// "a, b or c", with the first few by name.
std::string Listed(const std::vector<const Found*>& objects) {
  constexpr size_t kListedMax = 4;
  const size_t shown = std::min(objects.size(), kListedMax);
  const bool is_cut = shown < objects.size();
  std::string text;
  for (size_t i = 0; i < shown; ++i) {
    const bool is_last = i + 1 == shown && !is_cut;
    if (i > 0) text += is_last ? " or " : ", ";
    text += objects[i]->name;
  }
  return is_cut ? text + " or another of that name" : text;
}

std::string TellOne(const Denial& denial, const Found& object) {
  if (object.grant) return "A privilege is missing: " + *object.grant;
  return Sentence(denial.object, ": the role " + denial.role + " lacks " + object.privileges + " on " + object.name +
                                     ", where it is granted on single columns");
}

}  // namespace

std::string_view WordsFor(Relation::Kind kind) {
  const auto has_letter = [&](const KindOfObject& row) {
    return row.what == What::kRelation && row.kinds.find(LetterOf(kind)) != std::string_view::npos;
  };
  return std::find_if(kKindsOfObjects.begin(), kKindsOfObjects.end(), has_letter)->words;
}

std::optional<Denial> ReadDenial(const Error& error, const DeniedContext& context) {
  constexpr std::string_view kDenied = "permission denied ", kObject = "for ", kRole = "to set role \"";
  if (error.sqlstate() != "42501" || !error.message().starts_with(kDenied)) return std::nullopt;
  std::string_view what = std::string_view(error.message()).substr(kDenied.size());
  Denial denial;
  denial.role = context.role;
  if (what.starts_with(kRole)) {
    denial.sentence = "The role that Pando connects as is no member of " + std::string(what.substr(kRole.size() - 1)) +
                      ", which the token names";
    return denial;
  }
  if (!what.starts_with(kObject)) return std::nullopt;
  what = what.substr(kObject.size());
  const std::optional<Refused> refused = ReadRefused(what);
  if (!refused) return std::nullopt;
  denial.object = what;
  if (error.within_routine()) {
    denial.sentence =
        Sentence(denial.object, ", which a function, a trigger or a foreign table needs that the request uses");
    return denial;
  }
  denial.sentence = Sentence(denial.object, ", which the request needs, or something that it uses");
  const bool knows_request = context.catalog && (context.plan || context.named || refused->what == What::kSchema);
  if (!knows_request || !context.is_role_certain) return denial;
  Asked asked = Ask(*refused, context);
  if (asked.is_named) {
    denial.question = std::move(asked.question);
  } else {
    denial.sentence = Sentence(denial.object,
                               ", which the request does not name: a function, a trigger, a default, a type, a view or "
                               "a policy that the request uses needs it");
  }
  return denial;
}

std::string TellDenial(const Denial& denial, const pg::Rows& rows) {
  const std::vector<Found> found = ReadFound(rows);
  std::vector<const Found*> named, lacking, meant;
  for (const Found& object : found) {
    if (object.is_named && !object.lacks) return denial.sentence;
    if (object.is_named) named.push_back(&object);
    if (object.is_named && *object.lacks) lacking.push_back(&object);
    if (!object.is_named || *object.lacks) meant.push_back(&object);
  }
  if (named.empty()) return denial.sentence;
  if (lacking.empty()) {
    return Sentence(denial.object, ". The role " + denial.role + " has what the request itself needs on " +
                                       Listed(named) +
                                       ", so that a function, a trigger, a default, a type, a view or a policy needs "
                                       "it, or the owner of one");
  }
  if (meant.size() == 1) return TellOne(denial, *meant.front());
  return Sentence(denial.object, ": on " + Listed(meant) + ", which PostgreSQL does not tell apart");
}

}  // namespace pando::serve
