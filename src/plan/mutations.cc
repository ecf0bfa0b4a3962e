#include "plan/mutations.h"

#include <algorithm>

#include "plan/json_types.h"
#include "rest/payload.h"

namespace pando::plan {
namespace {

using catalog::Relation;
using rest::Action;

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// PostgreSQL may fill in the column where no object has it. The key of a PUT is compared with the URL's. A view whose
// writes a trigger or a rule does has none of its table's defaults.
bool CanLeaveOut(const catalog::Column& column, Action action, const Relation& relation) {
  if (action == Action::kPut && Has(relation.primary_key, column.name)) return false;
  return relation.kind != Relation::Kind::kView || !column.default_expression;
}

// Says what rows get whose objects lack the column. The type of the default has no length: a cast with a length would
// cut a default that is too long, which an INSERT refuses.
void AddDefault(PayloadColumn& payload, const catalog::Column& column, const rest::Request& request,
                const Relation& relation, const catalog::Catalog& catalog) {
  const rest::Payload& body = request.payload;
  if (body.elements == 0) return;
  if (!body.keys_differ) {
    if (Has(body.keys, column.name)) return;
    payload.left_out = CanLeaveOut(column, request.action, relation);
    if (payload.left_out) return;
  }
  const catalog::Type* base = catalog.FindType(catalog.BaseType(column.type));
  payload.default_expression = column.default_expression;
  payload.default_type = base ? base->sql : column.sql_type;
  // A domain may refuse the null that stands for a column that the object lacks. The table checks what is written.
  const bool is_domain = base && base->oid != column.type;
  if (is_domain && payload.default_expression) payload.sql_type = payload.default_type;
}

Result<std::vector<PayloadColumn>> PayloadColumns(const rest::Request& request, const Relation& relation,
                                                  const catalog::Catalog& catalog) {
  std::vector<PayloadColumn> columns;
  for (const std::string& name : request.query.columns ? *request.query.columns : request.payload.keys) {
    const catalog::Column* column = relation.Get(name);
    if (!column) {
      return Error(ErrorId::kColumnNotFound,
                   "Could not find the '" + name + "' column of '" + relation.name.name + "' in the schema cache");
    }
    const bool repeated =
        std::any_of(columns.begin(), columns.end(), [&](const PayloadColumn& c) { return c.name == name; });
    if (repeated) continue;
    PayloadColumn payload;
    payload.name = name;
    payload.sql_type = column->sql_type;
    const catalog::Type* type = catalog.FindType(column->type);
    if (type) payload.from_json = type->from_json;
    payload.is_json = IsJson(catalog.BaseType(column->type));
    payload.json_as_text =
        request.payload.media == rest::MediaType::Kind::kCsv && (payload.is_json || !payload.from_json.empty());
    if (request.preferences.missing == rest::PreferMissing::kDefault) {
      AddDefault(payload, *column, request, relation, catalog);
    }
    columns.push_back(std::move(payload));
  }
  return columns;
}

Result<void> AddPutKey(Mutation& mutation, const rest::Request& request, const Relation& relation) {
  const Error wrong(ErrorId::kPutFilters, "Filters must include all and only primary key columns with 'eq' operators");
  if (request.query.has_limit_or_offset) {
    return Error(ErrorId::kPutRange, "limit/offset querystring parameters are not allowed for PUT");
  }
  const auto at_root = [](const auto& at) { return at.path.empty(); };
  if (std::any_of(request.query.logic.begin(), request.query.logic.end(), at_root)) return wrong;
  for (const auto& [path, filter] : request.query.filters) {
    if (!path.empty()) continue;
    const rest::Operation& o = filter.operation;
    const bool plain = o.op == rest::Operator::kEq && !o.negated && o.quantifier == rest::Quantifier::kNone &&
                       filter.field.path.empty();
    if (!plain) return wrong;
    mutation.put_key.emplace_back(filter.field.name, o.value);
  }
  std::vector<std::string> given, key = relation.primary_key;
  for (const auto& [column, value] : mutation.put_key) given.push_back(column);
  std::sort(given.begin(), given.end());
  std::sort(key.begin(), key.end());
  if (key.empty() || given != key) return wrong;
  return {};
}

void AddUnique(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// PostgreSQL would cut a name that is too long, and may know what it begins with.
Result<void> CheckNames(const std::vector<std::string>& columns) {
  for (const std::string& name : columns) {
    if (name.size() <= catalog::kNameBytesMax) continue;
    return Error::FromDatabase("42703", "column \"" + name + "\" does not exist");
  }
  return {};
}

// The rows that filters choose get the values of one object: others in the body would go unread.
Result<void> CheckOneObject(const rest::Payload& payload) {
  if (payload.elements <= 1) return {};
  return Error(ErrorId::kNotHonoured,
               "PATCH writes the values of one object, and the body has " + std::to_string(payload.elements))
      .WithHint(
          "Send one object. POST with \"Prefer: resolution=merge-duplicates\" writes other values into each row.");
}

}  // namespace

Result<Mutation> MakeMutation(const rest::Request& request, const Relation& relation, const catalog::Catalog& catalog) {
  Mutation mutation;
  mutation.relation = &relation;
  if (request.action == Action::kDelete) {
    mutation.kind = Mutation::Kind::kDelete;
    return mutation;
  }
  mutation.kind = request.action == Action::kUpdate ? Mutation::Kind::kUpdate
                  : request.action == Action::kPut  ? Mutation::Kind::kPut
                                                    : Mutation::Kind::kInsert;
  PANDO_TRY(mutation.columns, PayloadColumns(request, relation, catalog));
  if (mutation.kind == Mutation::Kind::kUpdate) {
    PANDO_CHECK(CheckOneObject(request.payload));
    // Without an object there is nothing to set, whatever columns= names.
    if (request.payload.elements == 0) mutation.columns.clear();
  }
  if (mutation.kind == Mutation::Kind::kPut) {
    PANDO_CHECK(AddPutKey(mutation, request, relation));
    mutation.conflict = relation.primary_key;
    mutation.merge = true;
  }
  if (mutation.kind == Mutation::Kind::kInsert && request.preferences.resolution) {
    mutation.conflict = request.query.on_conflict ? *request.query.on_conflict : relation.primary_key;
    PANDO_CHECK(CheckNames(mutation.conflict));
    mutation.merge = request.preferences.resolution == rest::PreferResolution::kMergeDuplicates;
  }
  const bool wants_location =
      mutation.kind == Mutation::Kind::kInsert && request.preferences.return_ == rest::PreferReturn::kHeadersOnly;
  if (wants_location) mutation.location = relation.primary_key;
  return mutation;
}

std::string JsonOf(const Mutation& mutation, const rest::Payload& payload) {
  std::vector<rest::JsonField> fields;
  for (const PayloadColumn& column : mutation.columns) {
    if (column.json_as_text && !column.from_json.empty()) fields.push_back({column.name, column.is_json});
  }
  return fields.empty() ? payload.text : rest::WithJsonFields(payload.text, fields);
}

void AddReturning(Mutation& mutation, const Node& root) {
  const auto add = [&](const ColumnRef& column) {
    if (!column.from_row.empty()) {
      mutation.returning_row = true;
    } else if (!column.name.empty()) {
      AddUnique(mutation.returning, column.name);
    }
  };
  for (const Output& output : root.outputs) {
    if (output.kind == Output::Kind::kColumn && !output.column.is_count_star) add(output.column.column);
    if (output.kind == Output::Kind::kStar) {
      for (const auto& column : mutation.relation->columns) AddUnique(mutation.returning, column.name);
    }
  }
  for (const OrderTerm& term : root.order) {
    if (!term.embed) add(term.column);
  }
  for (const Embed& embed : root.embeds) {
    const auto& relationship = embed.relationship;
    if (relationship.function) mutation.returning_row = true;
    const auto& pairs = relationship.junction ? relationship.junction->source_columns : relationship.columns;
    for (const auto& [source, target] : pairs) AddUnique(mutation.returning, source);
  }
}

}  // namespace pando::plan
