#include "plan/tree.h"

#include <algorithm>

#include "catalog/snapshot.h"
#include "plan/json_types.h"
#include "plan/nodes.h"
#include "plan/relationships.h"

namespace pando::plan {
namespace {

constexpr catalog::Oid kTsvector = 3614;
constexpr const char *kUndefinedObject = "42704", *kDuplicateAlias = "42712";

Error AggregatesDisabled() { return Error(ErrorId::kAggregatesDisabled, "Use of aggregate functions is not allowed"); }

// PostgreSQL would cut the name, and two of them could become one.
Result<void> CheckKey(const std::string& key) {
  if (key.size() <= catalog::kNameBytesMax) return {};
  return Error(ErrorId::kQueryParse, "the name \"" + key + "\" in the answer is longer than " +
                                         std::to_string(catalog::kNameBytesMax) + " bytes")
      .WithHint("Give it a shorter alias: alias:name.");
}

// By two names of one embed, its alias and its target.
Error GivenTwice(const char* what, const rest::EmbedPath& path) {
  return Error(ErrorId::kQueryParse,
               std::string(what) + " of \"" + (path.empty() ? "" : path.back()) + "\" is given more than once");
}

const char* NameOf(rest::Aggregate aggregate) {
  switch (aggregate) {
    case rest::Aggregate::kSum:
      return "sum";
    case rest::Aggregate::kAvg:
      return "avg";
    case rest::Aggregate::kCount:
      return "count";
    case rest::Aggregate::kMax:
      return "max";
    case rest::Aggregate::kMin:
      return "min";
  }
  return "";
}

// The nearest key of the path, counted from the end, or the column: `settings->foo->0` shows as "foo".
const std::string& DefaultKey(const rest::Field& field) {
  for (auto step = field.path.rbegin(); step != field.path.rend(); ++step) {
    if (!step->is_index) return step->key;
  }
  return field.name;
}

bool IsSilent(const Node& node) {
  return std::all_of(node.outputs.begin(), node.outputs.end(), [&](const Output& output) {
    return output.kind == Output::Kind::kEmbed && node.embeds[output.embed].silent;
  });
}

}  // namespace

void CapRows(Node& root, uint32_t max_rows) {
  root.limit = std::min<int64_t>(root.limit.value_or(max_rows), max_rows);
  for (Embed& embed : root.embeds) {
    const bool had_limit = embed.node.limit.has_value();
    const auto limit = embed.node.limit;
    CapRows(embed.node, max_rows);
    if (embed.to_one()) embed.node.limit = had_limit ? limit : std::nullopt;
  }
}

void TreeBuilder::Touch(const catalog::Footprint& footprint) { plan_.footprint |= footprint; }

Result<void> TreeBuilder::Build(Node& root, const rest::Query& query, bool root_filters) {
  PANDO_CHECK(AddSelect(root, query.select));
  root.grouped = HasAggregates(root);
  for (const auto& [path, filter] : query.filters) {
    if (path.empty() && !root_filters) continue;
    PANDO_TRY(Node * node, FindNode(root, path));
    node->where.push_back(ResolveFilter(*node, filter));
  }
  for (const auto& [path, logic] : query.logic) {
    if (path.empty() && !root_filters) continue;
    PANDO_TRY(Node * node, FindNode(root, path));
    PANDO_TRY(Condition condition, Resolve(*node, logic));
    node->where.push_back(std::move(condition));
  }
  for (const auto& [path, terms] : query.order) {
    PANDO_TRY(Node * node, FindNode(root, path));
    if (!node->order.empty()) return GivenTwice("order", path);
    PANDO_CHECK(AddOrder(*node, terms));
  }
  for (const auto& [path, window] : query.windows) {
    if (path.empty() && !root_filters) continue;
    PANDO_TRY(Node * node, FindNode(root, path));
    if (node->limit || node->offset > 0) return GivenTwice("limit or offset", path);
    node->limit = window.limit;
    node->offset = window.offset;
  }
  return CheckRefused();
}

Result<std::vector<Condition>> TreeBuilder::RootConditions(const Node& root, const rest::Query& query) {
  std::vector<Condition> conditions;
  for (const auto& [path, filter] : query.filters) {
    if (path.empty()) conditions.push_back(ResolveFilter(root, filter));
  }
  for (const auto& [path, logic] : query.logic) {
    if (!path.empty()) continue;
    PANDO_TRY(Condition condition, Resolve(root, logic));
    conditions.push_back(std::move(condition));
  }
  PANDO_CHECK(CheckRefused());
  return conditions;
}

void TreeBuilder::Refuse(Error error) {
  if (!refused_) refused_ = std::move(error);
}

Result<void> TreeBuilder::CheckRefused() const {
  if (!refused_) return {};
  return *refused_;
}

// ---------------------------------------------------------------------------------------------------------- select

// A representation applies to `*` too, so then the columns are listed.
void TreeBuilder::ListStar(Node& node) {
  if (!node.columns || !node.star_to_json.empty()) return;
  for (const catalog::Column& column : *node.columns) {
    const catalog::Type* type = catalog_.FindType(column.type);
    node.star_to_json.push_back(type ? type->to_json : std::string());
    node.star_is_listed |= !node.star_to_json.back().empty();
  }
}

Result<void> TreeBuilder::AddSelect(Node& node, const std::vector<rest::SelectItem>& items) {
  if (items.empty() && node.depth == 0) {
    ListStar(node);
    node.outputs.push_back(Output{Output::Kind::kStar, {}, 0});
    return {};
  }
  for (const rest::SelectItem& item : items) {
    if (const auto* column = std::get_if<rest::SelectColumn>(&item.value)) {
      PANDO_CHECK(AddColumn(node, *column));
    } else {
      PANDO_CHECK(AddEmbed(node, std::get<rest::SelectEmbed>(item.value)));
    }
  }
  return {};
}

Result<std::string> TreeBuilder::CastTarget(const std::optional<std::string>& written) {
  if (!written) return std::string();
  catalog::Footprint of_user;
  of_user.lasts = catalog_.snapshot().folds_last;
  if (auto known = catalog_.FindCastTarget(*written)) {
    // Types outside pg_catalog are spelt with their schema, or as a quoted name where several schemas have one; theirs
    // are input functions, checks and casts of a user's.
    if (known->find_first_of(".\"") != std::string::npos) Touch(of_user);
    return *known;
  }
  if (written->size() > catalog::kNameBytesMax) {
    return Error::FromDatabase(kUndefinedObject, "type \"" + *written + "\" does not exist");
  }
  Touch(of_user);
  // Quoted, so that it can be nothing but a name; the database refuses it with its own code (42704).
  std::string quoted = "\"";
  for (char c : *written) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

Result<void> TreeBuilder::AddColumn(Node& node, const rest::SelectColumn& item) {
  if (item.is_star) {
    ListStar(node);
    node.outputs.push_back(Output{Output::Kind::kStar, {}, 0});
    return {};
  }
  Output output;
  ColumnOutput& column = output.column;
  // Old clients write `count` for count(*); it means that where no column has the name.
  const bool old_count = !item.aggregate && item.field.name == "count" && item.field.path.empty() &&
                         !FindColumn(node, "count") &&
                         !(node.relation && catalog_.FindComputedColumn(node.relation->name, "count", plan_.role));
  column.is_count_star = old_count || (item.aggregate && item.field.name.empty());
  column.aggregate = old_count ? rest::Aggregate::kCount : item.aggregate;
  if (item.aggregate && !options_.aggregates_enabled) {
    return AggregatesDisabled();
  }
  if (column.is_count_star) {
    column.key = item.alias.value_or("count");
    PANDO_TRY(column.aggregate_cast, CastTarget(item.aggregate_cast ? item.aggregate_cast : item.cast));
  } else {
    column.column = ResolveField(node, item.field, true);
    column.key = item.alias ? *item.alias : item.aggregate ? NameOf(*item.aggregate) : DefaultKey(item.field);
    PANDO_TRY(column.cast, CastTarget(item.cast));
    PANDO_TRY(column.aggregate_cast, CastTarget(item.aggregate_cast));
    if (item.aggregate) column.column.to_json.clear();
  }
  // A column whose name is too long is none, and refused as such.
  if (column.key != item.field.name) PANDO_CHECK(CheckKey(column.key));
  node.outputs.push_back(std::move(output));
  return {};
}

Result<void> TreeBuilder::AddEmbed(Node& node, const rest::SelectEmbed& item) {
  if (++embeds_ > options_.embeds_max) {
    return Error(ErrorId::kQueryParse, "more than " + std::to_string(options_.embeds_max) + " resources are embedded");
  }
  const QualifiedName source = node.relation ? node.relation->name : node.name;
  PANDO_TRY(catalog::Relationship relationship, FindRelationship(catalog_, source, schema_, item, plan_.role));

  Embed embed;
  embed.key = item.alias.value_or(item.target);
  PANDO_CHECK(CheckKey(embed.key));
  CheckKeyIsNew(node, embed.key, relationship);
  embed.target = item.target;
  embed.has_alias = item.alias.has_value();
  embed.is_spread = item.is_spread;
  embed.inner = item.join == rest::JoinKind::kInner;
  embed.relationship = std::move(relationship);
  embed.node.name = embed.relationship.target;
  embed.node.relation = catalog_.FindRelation(embed.relationship.target);
  if (embed.node.relation) {
    embed.node.columns = &embed.node.relation->columns;
    Touch(embed.node.relation->reading);
  } else {
    Touch(catalog::Footprint{});
  }
  if (embed.relationship.function) Touch(catalog::Footprint{});
  if (embed.relationship.junction) {
    const auto* junction = catalog_.FindRelation(embed.relationship.junction->table);
    Touch(junction ? junction->reading : catalog::Footprint{});
  }
  embed.node.depth = node.depth + 1;
  PANDO_CHECK(AddSelect(embed.node, item.select));
  embed.silent = IsSilent(embed.node);
  embed.node.grouped = HasAggregates(embed.node) && !(embed.is_spread && embed.to_one());
  const bool to_many_spread = embed.is_spread && !embed.to_one();
  const auto aggregated = [](const Output& o) { return o.kind == Output::Kind::kColumn && o.column.aggregate; };
  if (to_many_spread && std::any_of(embed.node.outputs.begin(), embed.node.outputs.end(), aggregated)) {
    return Error(ErrorId::kNotImplemented, "Feature not implemented")
        .WithDetail("Aggregates are not implemented for one-to-many or many-to-many spreads.");
  }
  node.outputs.push_back(Output{Output::Kind::kEmbed, {}, node.embeds.size()});
  node.embeds.push_back(std::move(embed));
  return {};
}

void TreeBuilder::CheckKeyIsNew(const Node& node, const std::string& key, const catalog::Relationship& relationship) {
  // A write whose answer has no rows embeds nothing.
  if (!plan_.representation) return;
  const bool is_new =
      std::none_of(node.embeds.begin(), node.embeds.end(), [&](const Embed& other) { return other.key == key; });
  if (is_new) return;
  const std::string name = relationship.source.name + "_" + key + "_" + std::to_string(node.depth + 1);
  Refuse(Error::FromDatabase(kDuplicateAlias, "table name \"" + name + "\" specified more than once"));
}

// ----------------------------------------------------------------------------------------------------------- paths

Embed* TreeBuilder::FindEmbed(Node& node, const std::string& name, bool allow_legacy) {
  for (Embed& embed : node.embeds) {
    if (embed.key == name) return &embed;
  }
  if (!allow_legacy) return nullptr;
  for (Embed& embed : node.embeds) {
    if (embed.has_alias && embed.target == name) return &embed;
  }
  return nullptr;
}

Result<Node*> TreeBuilder::FindNode(Node& root, const rest::EmbedPath& path) {
  Node* node = &root;
  for (const std::string& name : path) {
    Embed* embed = FindEmbed(*node, name, true);
    if (!embed) return NotEmbedded(name);
    if (embed->key != name) {
      if (!options_.legacy_target_names) {
        return Error(ErrorId::kNotEmbedded, "'" + name + "' is not an embedded resource in this request")
            .WithDetail("Target names are not allowed in filters if they have an alias")
            .WithHint("Change '" + name + "' to '" + embed->key + "' in filters, orders or limits.");
      }
      std::string warning =
          "Embedded resource was referenced by relation name even though it has an alias. This is deprecated and will "
          "stop working in a future release. Update `" +
          name + "` to `" + embed->key + "` in query string filters, orders or limits.";
      if (std::find(plan_.warnings.begin(), plan_.warnings.end(), warning) == plan_.warnings.end()) {
        plan_.warnings.push_back(std::move(warning));
      }
    }
    node = &embed->node;
  }
  return node;
}

// ---------------------------------------------------------------------------------------------------------- fields

void TreeBuilder::CheckCall(const Node& node, const std::string& field) {
  // PostgreSQL would take the beginning of a name that is too long, which may be the name of something.
  if (field.size() > catalog::kNameBytesMax || catalog_.IsHiddenField(field, plan_.role)) {
    Refuse(NoColumn(node, field));
  } else if (!options_.aggregates_enabled && catalog_.IsRowAggregate(field)) {
    Refuse(AggregatesDisabled());
  }
}

ColumnRef TreeBuilder::ResolveField(const Node& node, const rest::Field& field, bool for_output) {
  ColumnRef ref;
  ref.name = field.name;
  ref.path = field.path;
  catalog::Oid type = 0;
  if (const catalog::Column* column = FindColumn(node, field.name)) {
    type = column->type;
  } else if (const auto* computed =
                 node.relation ? catalog_.FindComputedColumn(node.relation->name, field.name, plan_.role) : nullptr) {
    type = computed->type;
    if (node.from_source) ref.from_row = RowColumnOf(node);
    Touch(computed->footprint);
  } else {
    CheckCall(node, field.name);
    // Most likely the database will answer 42703; but it may know a function of that name which we do not.
    Touch(catalog::Footprint{});
  }
  if (type == 0) return ref;
  const catalog::Oid base = catalog_.BaseType(type);
  ref.to_jsonb = !field.path.empty() && !IsJson(base);
  ref.is_tsvector = base == kTsvector && field.path.empty();
  if (!field.path.empty()) return ref;
  if (const catalog::Type* known = catalog_.FindType(type)) {
    if (for_output) ref.to_json = known->to_json;
    ref.from_text = known->from_text;
  }
  return ref;
}

Condition TreeBuilder::ResolveFilter(const Node& node, const rest::Filter& filter) {
  Condition condition;
  const rest::Operation& operation = filter.operation;
  const bool about_null = operation.op == rest::Operator::kIs && filter.field.path.empty() &&
                          (operation.is == rest::IsValue::kNull || operation.is == rest::IsValue::kNotNull);
  if (about_null) {
    for (size_t i = 0; i < node.embeds.size(); ++i) {
      if (node.embeds[i].key != filter.field.name) continue;
      condition.kind = Condition::Kind::kEmbedEmpty;
      condition.embed = i;
      condition.negated = operation.negated != (operation.is == rest::IsValue::kNotNull);
      return condition;
    }
  }
  condition.column = ResolveField(node, filter.field, false);
  condition.operation = operation;
  return condition;
}

Result<Condition> TreeBuilder::Resolve(const Node& node, const rest::Logic& logic) {
  if (logic.kind == rest::Logic::Kind::kFilter) return ResolveFilter(node, logic.filter);
  Condition condition;
  condition.kind = logic.kind == rest::Logic::Kind::kAnd ? Condition::Kind::kAnd : Condition::Kind::kOr;
  condition.negated = logic.negated;
  for (const rest::Logic& child : logic.children) {
    PANDO_TRY(Condition resolved, Resolve(node, child));
    condition.children.push_back(std::move(resolved));
  }
  return condition;
}

}  // namespace pando::plan
