#include "serve/missing_grant.h"

#include <algorithm>
#include <array>
#include <vector>

#include "catalog/function.h"
#include "catalog/relation.h"
#include "catalog/snapshot.h"
#include "pg/quote.h"

namespace pando::serve {
namespace {

using catalog::Function;
using catalog::QualifiedName;
using catalog::Relation;

// ----------------------------------------------------------------------------------------------------------- names

// Of PostgreSQL (documentation, appendix C). They cannot be names without quotes.
constexpr std::string_view kReservedWords =
    " all analyse analyze and any array as asc asymmetric both case cast check collate column constraint"
    " create current_catalog current_date current_role current_time current_timestamp current_user default"
    " deferrable desc distinct do else end except false fetch for foreign from grant group having in initially"
    " intersect into lateral leading limit localtime localtimestamp not null offset on only or order placing"
    " primary public references returning select session_user some symmetric system_user table then to"
    " trailing true union unique user using variadic when where window with ";

bool IsPlainName(std::string_view name) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), is_plain) &&
         kReservedWords.find(" " + std::string(name) + " ") == std::string_view::npos;
}

// A character that ends a line, or that a terminal obeys: 1 of ASCII, 2 (U+0080 to U+009F) or 3 bytes (U+2028, U+2029);
// 0: `text` begins with none.
size_t ControlAt(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0; };
  if (byte(0) < 0x20 || byte(0) == 0x7F) return 1;
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) < 0xA0) return 2;
  return byte(0) == 0xE2 && byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9) ? 3 : 0;
}

bool HasControls(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (ControlAt(text.substr(i)) > 0) return true;
  }
  return false;
}

std::string Escaped(std::string_view control) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(control[i]); };
  const unsigned code = control.size() == 1 ? byte(0) : control.size() == 2 ? byte(1) : 0x2000U | (byte(2) & 0x3FU);
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string escape = "\\";
  for (int shift = 12; shift >= 0; shift -= 4) escape += kHex[(code >> shift) & 15];
  return escape;
}

// On one line whatever it holds: with Unicode escapes (PostgreSQL, 4.1.2.3), in which a backslash is doubled.
std::string WithEscapes(std::string_view text) {
  std::string escaped;
  for (size_t i = 0; i < text.size();) {
    const size_t control = ControlAt(text.substr(i));
    if (control > 0) {
      escaped += Escaped(text.substr(i, control));
    } else {
      escaped.append(text[i] == '\\' ? 2 : 1, text[i]);
    }
    i += std::max<size_t>(control, 1);
  }
  return escaped;
}

// Of a schema, "public" is no reserved word.
std::string Named(std::string_view name) {
  if (IsPlainName(name) || name == "public") return std::string(name);
  return HasControls(name) ? "U&" + pg::QuoteIdentifier(WithEscapes(name)) : pg::QuoteIdentifier(name);
}

// An object in a sentence, as PostgreSQL writes it, and on one line.
std::string Told(std::string_view object) { return HasControls(object) ? WithEscapes(object) : std::string(object); }

std::string Named(const QualifiedName& name) { return Named(name.schema) + "." + Named(name.name); }

std::string Named(const Function& function) {
  std::string arguments;
  for (const catalog::Argument& argument : function.arguments) {
    arguments += (arguments.empty() ? "" : ", ") + argument.sql_type;
  }
  return Named(function.name) + "(" + arguments + ")";
}

// What follows one of the words; nullopt when `text` begins with none.
template <class Words>
std::optional<std::string_view> Behind(std::string_view text, const Words& words) {
  for (const std::string_view word : words) {
    if (text.starts_with(word)) return text.substr(word.size());
  }
  return std::nullopt;
}

// ------------------------------------------------------------------------------------------------------- relations

// PostgreSQL's words for a kind of relation (aclcheck_error).
struct KindOfRelation {
  std::string_view words;
  Relation::Kind kind;
};
constexpr std::array<KindOfRelation, 4> kKindsOfRelations = {{{"table ", Relation::Kind::kTable},
                                                              {"view ", Relation::Kind::kView},
                                                              {"materialized view ", Relation::Kind::kMaterializedView},
                                                              {"foreign table ", Relation::Kind::kForeignTable}}};

// PostgreSQL names what was refused without its schema.
struct DeniedRelation {
  Relation::Kind kind = Relation::Kind::kTable;
  std::string_view name;

  bool Is(const Relation& relation) const {
    const bool is_table = relation.kind == Relation::Kind::kPartitionedTable;
    return relation.name.name == name && (is_table ? Relation::Kind::kTable : relation.kind) == kind;
  }
};

std::optional<DeniedRelation> ReadRelation(std::string_view object) {
  for (const KindOfRelation& kind : kKindsOfRelations) {
    if (object.starts_with(kind.words)) return DeniedRelation{kind.kind, object.substr(kind.words.size())};
  }
  return std::nullopt;
}

// What the request needs of the relation that it writes to.
std::string PrivilegesFor(const plan::Plan& plan) {
  const plan::Mutation& mutation = *plan.mutation;
  using Kind = plan::Mutation::Kind;
  const bool inserts = mutation.kind == Kind::kInsert || mutation.kind == Kind::kPut;
  const bool upserts = inserts && !mutation.conflict.empty();
  const bool reads = plan.representation || !mutation.location.empty() || !mutation.where.empty() || upserts;
  std::string all = reads ? "SELECT, " : "";
  if (inserts) return all + (upserts && mutation.merge ? "INSERT, UPDATE" : "INSERT");
  return all + (mutation.kind == Kind::kUpdate ? "UPDATE" : "DELETE");
}

// Before there is a plan.
std::string PrivilegesFor(std::string_view method) {
  if (method == "POST") return "INSERT";
  if (method == "PUT") return "SELECT, INSERT, UPDATE";
  if (method == "PATCH") return "SELECT, UPDATE";
  return method == "DELETE" ? "SELECT, DELETE" : "SELECT";
}

// The relations that the statement itself names, but for the one that is written to.
void AddRead(const plan::Node& node, const catalog::Catalog& catalog, std::vector<const Relation*>& read) {
  if (node.relation && !node.from_source) read.push_back(node.relation);
  for (const plan::Embed& embed : node.embeds) {
    const auto& junction = embed.relationship.junction;
    if (const Relation* relation = junction ? catalog.FindRelation(junction->table) : nullptr) read.push_back(relation);
    AddRead(embed.node, catalog, read);
  }
}

// What the request needs of the relation that was refused.
struct Need {
  QualifiedName relation;
  std::string privileges;
  bool columns_have_grants = false;
};

Need NeedOf(const Relation& relation, std::string privileges) {
  const auto has_grants = [](const catalog::Column& column) { return column.has_grants; };
  return {relation.name, std::move(privileges),
          std::any_of(relation.columns.begin(), relation.columns.end(), has_grants)};
}

// Of what a view in the statement looks into by the rights of its caller.
std::optional<Need> NeedOfView(const Relation& view, std::string_view name, const std::string& privileges) {
  const auto is_it = [&](const Relation::Shown& shown) { return shown.name.name == name; };
  if (!view.reads_as_caller || std::count_if(view.shows.begin(), view.shows.end(), is_it) != 1) return std::nullopt;
  const Relation::Shown& shown = *std::find_if(view.shows.begin(), view.shows.end(), is_it);
  const bool is_written = view.one_for_one && view.one_for_one->table == shown.oid;
  return Need{shown.name, is_written ? privileges : "SELECT"};
}

// nullopt where nobody knows, or several may be meant.
std::optional<Need> NeedOfStatement(const DeniedRelation& denied, const DeniedContext& context) {
  if (!context.plan) {
    const Relation* target = context.catalog->FindRelation(context.schema, denied.name);
    if (!target || !denied.Is(*target)) return std::nullopt;
    return NeedOf(*target, PrivilegesFor(context.method));
  }
  std::vector<std::pair<const Relation*, std::string>> used;
  if (context.plan->mutation) used.emplace_back(context.plan->mutation->relation, PrivilegesFor(*context.plan));
  std::vector<const Relation*> read;
  AddRead(context.plan->read, *context.catalog, read);
  for (const Relation* relation : read) used.emplace_back(relation, "SELECT");
  // The first that is it: what is written to needs most.
  std::vector<Need> needs;
  for (const auto& [relation, privileges] : used) {
    std::optional<Need> need = NeedOfView(*relation, denied.name, privileges);
    if (denied.Is(*relation)) need = NeedOf(*relation, privileges);
    if (need) needs.push_back(std::move(*need));
  }
  const auto is_same = [&](const Need& need) { return need.relation == needs.front().relation; };
  if (needs.empty() || !std::all_of(needs.begin(), needs.end(), is_same)) return std::nullopt;
  return needs.front();
}

std::string GrantOf(const Need& need, const std::string& to) {
  std::string text = "GRANT " + need.privileges + " ON " + Named(need.relation) + to;
  if (need.columns_have_grants) text += " or on single columns, as other grants on it are";
  return text;
}

// ---------------------------------------------------------------------------------------------- functions, sequences

const Function* DeniedFunction(std::string_view name, const DeniedContext& context) {
  if (context.plan) {
    const Function* called = context.plan->call ? context.plan->call->function : nullptr;
    return called && called->name.name == name ? called : nullptr;
  }
  const auto functions = context.catalog->FunctionsNamed(context.schema, name, "");
  return functions.size() == 1 ? functions.front() : nullptr;
}

// A computed column of what the request reads.
std::optional<std::string> DeniedComputed(std::string_view name, const DeniedContext& context) {
  if (!context.plan) return std::nullopt;
  std::vector<const Relation*> read;
  AddRead(context.plan->read, *context.catalog, read);
  if (context.plan->mutation) read.push_back(context.plan->mutation->relation);
  for (const Relation* relation : read) {
    const auto* computed = context.catalog->FindComputedColumn(relation->name, name, context.role);
    if (computed) return Named(computed->function) + "(" + Named(relation->name) + ")";
  }
  return std::nullopt;
}

std::optional<std::string> FunctionToGrant(std::string_view name, const DeniedContext& context) {
  if (const Function* function = DeniedFunction(name, context)) return Named(*function);
  return DeniedComputed(name, context);
}

// The sequence of that name, as a default of the relation that is written to has it:
// nextval('api.orders_id_seq'::regclass).
std::optional<std::string> SequenceToGrant(std::string_view name, const DeniedContext& context) {
  constexpr std::string_view kBegin = "nextval('", kEnd = "'::regclass)";
  const plan::Plan* plan = context.plan;
  if (!plan || !plan->mutation) return std::nullopt;
  for (const catalog::Column& column : plan->mutation->relation->columns) {
    if (!column.default_expression) continue;
    std::string_view sequence = *column.default_expression;
    if (!sequence.starts_with(kBegin) || !sequence.ends_with(kEnd)) continue;
    sequence = sequence.substr(kBegin.size(), sequence.size() - kBegin.size() - kEnd.size());
    const std::string quoted = pg::QuoteIdentifier(name);
    const bool is_it = sequence.ends_with("." + std::string(name)) || sequence.ends_with("." + quoted);
    // A literal's quotes are doubled.
    if (is_it && sequence.find('\'') == std::string_view::npos) return std::string(sequence);
  }
  return std::nullopt;
}

// ---------------------------------------------------------------------------------------------------------- objects

// What has no schema, as PostgreSQL calls it, and what a grant of its use begins with.
struct KindOfObject {
  std::string_view words, grant;
};
constexpr std::array<KindOfObject, 4> kWithoutSchema = {{{"schema ", "USAGE ON SCHEMA "},
                                                         {"language ", "USAGE ON LANGUAGE "},
                                                         {"foreign server ", "USAGE ON FOREIGN SERVER "},
                                                         {"foreign-data wrapper ", "USAGE ON FOREIGN DATA WRAPPER "}}};
constexpr std::array<std::string_view, 1> kFunction = {"function "}, kSequence = {"sequence "};
constexpr std::array<std::string_view, 6> kWithSchema = {"function ", "procedure ", "aggregate ",
                                                         "sequence ", "type ",      "domain "};

// "GRANT ...;" and what there is to say of it. nullopt where the object, or who lacks the privilege, is not known for
// sure: within a function the role may be another.
std::optional<std::string> GrantOn(std::string_view object, bool within_routine, const DeniedContext& context) {
  const std::string to = " TO " + Named(context.role) + ";";
  for (const KindOfObject& kind : kWithoutSchema) {
    if (!object.starts_with(kind.words)) continue;
    return "GRANT " + std::string(kind.grant) + Named(object.substr(kind.words.size())) + to;
  }
  if (!context.catalog || within_routine) return std::nullopt;
  if (const auto relation = ReadRelation(object)) {
    const auto need = NeedOfStatement(*relation, context);
    return need ? std::optional(GrantOf(*need, to)) : std::nullopt;
  }
  if (const auto name = Behind(object, kFunction)) {
    const auto function = FunctionToGrant(*name, context);
    return function ? std::optional("GRANT EXECUTE ON FUNCTION " + *function + to) : std::nullopt;
  }
  const auto name = Behind(object, kSequence);
  const auto sequence = name ? SequenceToGrant(*name, context) : std::nullopt;
  return sequence ? std::optional("GRANT USAGE ON SEQUENCE " + *sequence + to) : std::nullopt;
}

}  // namespace

std::optional<std::string> MissingPrivilege(const Error& error, const DeniedContext& context) {
  constexpr std::string_view kDenied = "permission denied ";
  constexpr std::string_view kObject = "for ", kRole = "to set role \"";
  if (error.sqlstate() != "42501" || !error.message().starts_with(kDenied)) return std::nullopt;
  std::string_view what = std::string_view(error.message()).substr(kDenied.size());
  if (what.starts_with(kRole)) {
    return "The role that Pando connects as is no member of " + Told(what.substr(kRole.size() - 1)) +
           ", which the token names";
  }
  if (!what.starts_with(kObject)) return std::nullopt;
  what = what.substr(kObject.size());
  const auto grant = GrantOn(what, error.within_routine(), context);
  // What PostgreSQL has printed, types and sequences, is as it is.
  if (grant && !HasControls(*grant)) return "A privilege is missing: " + *grant;
  if (!ReadRelation(what) && !Behind(what, kWithSchema)) return std::nullopt;
  return "A privilege on " + Told(what) + " is missing, which a function, a trigger, a default, " +
         "a view or a policy needs that the request uses";
}

}  // namespace pando::serve
