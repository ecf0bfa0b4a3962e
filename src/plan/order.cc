// TreeBuilder's orders.
#include <algorithm>

#include "plan/json_types.h"
#include "plan/nodes.h"
#include "plan/tree.h"

namespace pando::plan {
namespace {

// As PostgreSQL says it, of a relation by the name that the client has for it.
Error NotGrouped(const std::string& relation, const std::string& column) {
  return Error::FromDatabase("42803", "column \"" + relation + "." + column +
                                          "\" must appear in the GROUP BY clause or be used in an aggregate function");
}

// The field as it is: neither a part of it, nor what something makes of it.
bool IsPlain(const ColumnOutput& output) {
  const ColumnRef& column = output.column;
  return !output.aggregate && !output.is_count_star && output.cast.empty() && column.path.empty() &&
         column.to_json.empty();
}

// A column of the node's star.
ColumnOutput OfStar(const Node& node, const std::string& name) {
  ColumnOutput output;
  output.column.name = output.key = name;
  for (size_t i = 0; i < node.star_to_json.size(); ++i) {
    if ((*node.columns)[i].name == name) output.column.to_json = node.star_to_json[i];
  }
  return output;
}

bool ShowsComputed(const Node& node, const std::string& field) {
  return std::any_of(node.outputs.begin(), node.outputs.end(), [&](const Output& output) {
    const bool shows = output.kind == Output::Kind::kColumn && IsPlain(output.column);
    return shows && output.column.column.name == field;
  });
}

// The key under which the node shows the column as it is.
std::optional<std::string> KeyOfPlain(const Node& node, const std::string& column) {
  for (const Output& output : node.outputs) {
    const bool is_in_star = output.kind == Output::Kind::kStar && FindColumn(node, column);
    if (is_in_star && IsPlain(OfStar(node, column))) return column;
    const bool shows = output.kind == Output::Kind::kColumn && IsPlain(output.column);
    if (shows && output.column.column.name == column) return output.column.key;
  }
  return std::nullopt;
}

}  // namespace

Result<void> TreeBuilder::AddOrder(Node& node, const std::vector<rest::OrderTerm>& terms) {
  for (const rest::OrderTerm& term : terms) {
    if (term.relation) {
      PANDO_TRY(OrderTerm related, RelatedOrder(node, term));
      node.order.push_back(std::move(related));
      continue;
    }
    OrderTerm resolved;
    resolved.column = ResolveField(node, term.field, false);
    // PostgreSQL's message would name the column that has the row.
    if (node.grouped && !resolved.column.from_row.empty() && !ShowsComputed(node, term.field.name)) {
      Refuse(NotGrouped(node.name.name, term.field.name));
    }
    resolved.direction = term.direction;
    resolved.nulls = term.nulls;
    node.order.push_back(std::move(resolved));
  }
  HideWhatIsPacked(node);
  return {};
}

void TreeBuilder::HideWhatIsPacked(Node& node) {
  for (OrderTerm& term : node.order) {
    if (!term.by_output) continue;
    Embed& embed = node.embeds[*term.embed];
    if (embed.is_spread || embed.node.hidden.empty()) continue;
    term = HiddenOrder(embed, HiddenColumn{term.column, true}, term);
  }
}

OrderTerm TreeBuilder::HiddenOrder(Embed& embed, HiddenColumn column, OrderTerm term) {
  embed.node.hidden.push_back(std::move(column));
  term.by_output = false;
  term.column = ColumnRef{};
  term.column.name = std::to_string(embed.node.hidden.size() - 1);
  return term;
}

bool TreeBuilder::IsEqualAsJson(catalog::Oid type) const {
  using Kind = catalog::Type::Kind;
  const catalog::Type* base = catalog_.FindType(catalog_.BaseType(type));
  if (!base) return false;
  // A type of a user's or of an extension may have a cast to json that tells less than the value.
  if (base->kind == Kind::kBase) return base->name.schema == "pg_catalog";
  return base->kind == Kind::kEnum || base->kind == Kind::kRange || base->kind == Kind::kMultirange;
}

bool TreeBuilder::IsDetermined(const Embed& embed, const std::string& column) const {
  const Node& node = embed.node;
  if (!FindColumn(node, column)) return false;
  if (KeyOfPlain(node, column)) return true;
  // A function's rows, and those of a view or of tables that inherit from this one, may repeat a key.
  using Kind = catalog::Relation::Kind;
  if (embed.relationship.function || !node.relation || node.relation->has_children) return false;
  if (node.relation->kind != Kind::kTable && node.relation->kind != Kind::kPartitionedTable) return false;
  const std::vector<std::string>& key = node.relation->primary_key;
  return !key.empty() && std::all_of(key.begin(), key.end(), [&](const std::string& name) {
    return KeyOfPlain(node, name) && IsEqualAsJson(node.relation->Get(name)->type);
  });
}

TreeBuilder::Shown TreeBuilder::ShownBy(const Node& node, const ColumnOutput& output) const {
  Shown shown;
  const bool is_made = !output.cast.empty() || !output.column.path.empty();
  if (is_made) return shown;
  if (!output.column.to_json.empty()) {
    shown.representation_of = output.column.name;
    return shown;
  }
  const catalog::Column* column = output.aggregate ? nullptr : FindColumn(node, output.column.name);
  shown.to_jsonb = !column || !IsJson(catalog_.BaseType(column->type));
  shown.is_equal_as_json = column && IsEqualAsJson(column->type);
  return shown;
}

std::optional<TreeBuilder::Shown> TreeBuilder::FindShown(const Node& node, const std::string& key,
                                                         bool leaves_aggregates) const {
  for (const Output& output : node.outputs) {
    std::optional<Shown> shown;
    if (output.kind == Output::Kind::kEmbed) {
      shown = ShownBy(node.embeds[output.embed], key, leaves_aggregates);
    } else if (output.kind == Output::Kind::kStar) {
      if (FindColumn(node, key)) shown = ShownBy(node, OfStar(node, key));
    } else if (output.column.key == key && !(leaves_aggregates && output.column.aggregate)) {
      shown = ShownBy(node, output.column);
    }
    if (shown) return shown;
  }
  return std::nullopt;
}

std::optional<TreeBuilder::Shown> TreeBuilder::ShownBy(const Embed& embed, const std::string& key,
                                                       bool leaves_aggregates) const {
  if (embed.silent) return std::nullopt;
  if (!embed.is_spread) {
    if (embed.key != key) return std::nullopt;
    Shown shown;
    shown.is_embed = true;
    return shown;
  }
  std::optional<Shown> lifted = FindShown(embed.node, key, leaves_aggregates && embed.to_one());
  if (!lifted) return std::nullopt;
  // The values of several rows are an array.
  if (!embed.to_one()) return Shown{};
  lifted->representation_of.clear();  // the column is of another relation
  return lifted;
}

void TreeBuilder::RefuseUngrouped(const Node& node, const rest::OrderTerm& term) {
  const std::string& field = term.field.name;
  const bool is_known =
      FindColumn(node, field) ||
      (node.relation && catalog_.FindComputedColumn(node.relation->name, field, plan_.role) != nullptr);
  Refuse(is_known ? NotGrouped(*term.relation, field) : NoColumn(node, field));
}

OrderTerm TreeBuilder::OrderByHidden(const Node& node, Embed& embed, const rest::OrderTerm& term, OrderTerm resolved) {
  ColumnRef column = ResolveField(embed.node, term.field, false);
  if (node.grouped) {
    // Groups are ordered by what is the same in all of their rows.
    if (!IsDetermined(embed, term.field.name)) RefuseUngrouped(embed.node, term);
    const catalog::Column* known = FindColumn(embed.node, term.field.name);
    resolved.by_least = !term.field.path.empty() || !known || !IsEqualAsJson(known->type);
  }
  return HiddenOrder(embed, HiddenColumn{std::move(column), false}, std::move(resolved));
}

OrderTerm TreeBuilder::OrderByShown(const Node& node, const Shown& shown, const rest::OrderTerm& term,
                                    OrderTerm resolved) {
  const bool has_path = !term.field.path.empty();
  resolved.by_output = true;
  resolved.by_least = node.grouped && (has_path || !shown.is_equal_as_json);
  resolved.column.name = term.field.name;
  resolved.column.path = term.field.path;
  resolved.column.to_jsonb = has_path && shown.to_jsonb;
  return resolved;
}

OrderTerm TreeBuilder::OrderByGroup(const Node& node, const Embed& embed, rest::OrderTerm term, OrderTerm resolved) {
  const std::optional<std::string> key = KeyOfPlain(embed.node, term.field.name);
  if (!key) {
    RefuseUngrouped(embed.node, term);
    return resolved;
  }
  term.field.name = *key;
  return OrderByShown(node, *FindShown(embed.node, *key, embed.is_spread), term, std::move(resolved));
}

Result<OrderTerm> TreeBuilder::RelatedOrder(Node& node, const rest::OrderTerm& term) {
  Embed* embed = FindEmbed(node, *term.relation, true);
  if (!embed) return NotEmbedded(*term.relation);
  if (!embed->to_one()) {
    const std::string source = node.relation ? node.relation->name.name : node.name.name;
    return Error(ErrorId::kRelatedOrderToMany, "A related order on '" + *term.relation + "' is not possible")
        .WithDetail("'" + source + "' and '" + *term.relation +
                    "' do not form a many-to-one or one-to-one relationship");
  }
  OrderTerm resolved;
  resolved.embed = static_cast<size_t>(embed - node.embeds.data());
  resolved.direction = term.direction;
  resolved.nulls = term.nulls;
  std::optional<Shown> shown = FindShown(embed->node, term.field.name, embed->is_spread);
  rest::OrderTerm by_column = term;
  if (shown && term.field.path.empty()) {
    // JSON that PostgreSQL does not order: what it stands for is meant.
    if (!shown->representation_of.empty()) by_column.field.name = shown->representation_of;
    if (shown->is_embed || !shown->representation_of.empty()) shown.reset();
  }
  if (shown) return OrderByShown(node, *shown, term, std::move(resolved));
  return embed->node.grouped ? OrderByGroup(node, *embed, by_column, std::move(resolved))
                             : OrderByHidden(node, *embed, by_column, std::move(resolved));
}

}  // namespace pando::plan
