// Builds the tree of reads: select list, embeds, filters, order and windows, each resolved where it belongs.
//
// Concurrency  single-owner, for the making of one Plan
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace pando::plan {

class TreeBuilder {
 public:
  // `plan` collects footprint and warnings; all references outlive the builder.
  TreeBuilder(const catalog::Catalog& catalog, const std::string& schema, const PlanOptions& options, Plan& plan)
      : catalog_(catalog), schema_(schema), options_(options), plan_(plan) {}

  // Fills `root`, whose source (name, relation, columns, from_source) is set already. With `root_filters` unset,
  // filters and windows of the root are left out: those of a write choose the rows it touches, not the ones it shows.
  Result<void> Build(Node& root, const rest::Query& query, bool root_filters);

  // The root's filters and logic alone, for the WHERE of an update or delete.
  Result<std::vector<Condition>> RootConditions(const Node& root, const rest::Query& query);

 private:
  // A value under a key of the select list.
  struct Shown {
    bool to_jsonb = false;          // as ColumnRef::to_jsonb, of a path into it
    bool is_embed = false;          // an embed's
    bool is_equal_as_json = false;  // IsEqualAsJson()
    std::string representation_of;  // a column, of which it is the JSON; else empty
  };

  Result<void> AddSelect(Node& node, const std::vector<rest::SelectItem>& items);
  void ListStar(Node& node);
  Result<void> AddColumn(Node& node, const rest::SelectColumn& item);
  Result<void> AddEmbed(Node& node, const rest::SelectEmbed& item);
  Result<std::string> CastTarget(const std::optional<std::string>& written);

  // The node at `path`, or PGRST108.
  Result<Node*> FindNode(Node& root, const rest::EmbedPath& path);
  // The embed that `name` addresses; nullptr when there is none.
  Embed* FindEmbed(Node& node, const std::string& name, bool allow_legacy);

  Result<Condition> Resolve(const Node& node, const rest::Logic& logic);
  Condition ResolveFilter(const Node& node, const rest::Filter& filter);
  ColumnRef ResolveField(const Node& node, const rest::Field& field, bool for_output);
  // Refuses a field that is no column and that PostgreSQL would take for a call: of a function that the caller's role
  // is not shown, or of an aggregate where those are disabled.
  void CheckCall(const Node& node, const std::string& field);
  // Two embeds of one node have the same key, so that a client would see one of them: PostgREST's answer is 42712.
  void CheckKeyIsNew(const Node& node, const std::string& key, const catalog::Relationship& relationship);
  // Remembers what the database would refuse, which is reported once everything that comes before is known to be right.
  void Refuse(Error error);
  // What was refused first.
  //   kSqlstate            42703: a function; 42712; 42803: an order by what is not grouped
  //   kAggregatesDisabled  an aggregate
  Result<void> CheckRefused() const;

  Result<void> AddOrder(Node& node, const std::vector<rest::OrderTerm>& terms);
  Result<OrderTerm> RelatedOrder(Node& node, const rest::OrderTerm& term);
  // By a column of the embed, whose rows are not groups, that is not in its select list.
  OrderTerm OrderByHidden(const Node& node, Embed& embed, const rest::OrderTerm& term, OrderTerm resolved);
  // By a key of the embed's select list, or by a path into its value.
  static OrderTerm OrderByShown(const Node& node, const Shown& shown, const rest::OrderTerm& term, OrderTerm resolved);
  // By a column of the embed whose rows are groups: by the output that shows it.
  OrderTerm OrderByGroup(const Node& node, const Embed& embed, rest::OrderTerm term, OrderTerm resolved);
  void RefuseUngrouped(const Node& node, const rest::OrderTerm& term);
  // What the node's rows, as its parent sees them, have under `key`. The rows of a to-one spread leave aggregates to
  // the parent.
  std::optional<Shown> FindShown(const Node& node, const std::string& key, bool leaves_aggregates) const;
  Shown ShownBy(const Node& node, const ColumnOutput& output) const;
  std::optional<Shown> ShownBy(const Embed& embed, const std::string& key, bool leaves_aggregates) const;
  // Rows of the embed that show the same have the same in `column`, which they need not show.
  bool IsDetermined(const Embed& embed, const std::string& column) const;
  // Values of the type that are the same JSON are equal: not arrays, whose bounds JSON leaves out, nor what can hold
  // one.
  bool IsEqualAsJson(catalog::Oid type) const;
  // `term` by something of the embed that is shown to no client.
  static OrderTerm HiddenOrder(Embed& embed, HiddenColumn column, OrderTerm term);
  // An embed with hidden columns gives its shown ones as one value, by whose parts nothing is ordered.
  static void HideWhatIsPacked(Node& node);

  void Touch(const catalog::Footprint& footprint);

  const catalog::Catalog& catalog_;
  const std::string& schema_;
  const PlanOptions& options_;
  Plan& plan_;
  uint32_t embeds_ = 0;
  std::optional<Error> refused_;
};

// Caps the root and every to-many embed at `max_rows`.
void CapRows(Node& root, uint32_t max_rows);

}  // namespace pando::plan
