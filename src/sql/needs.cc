#include "sql/needs.h"

#include <map>
#include <utility>

#include "pgtypes/oid.h"
#include "plan/nodes.h"
#include "sql/tree_writer.h"

namespace pando::sql {
namespace {

using catalog::Relation;
using plan::ColumnRef;
using plan::Condition;
using plan::Embed;
using plan::Mutation;
using plan::Node;

class NeedsReader {
 public:
  explicit NeedsReader(const plan::Plan& plan) : plan_(plan) {}

  Needs Read() {
    if (plan_.call) functions_.push_back({plan_.call->function->name, plan_.call->function->oid});
    if (plan_.mutation) ReadMutation(*plan_.mutation);
    if (plan_.representation) ReadNode(plan_.read, ReadsRelation(plan_.read));
    if (plan_.representation) ReadMedia();
    Needs needs;
    for (auto& [key, columns] : relations_) needs.relations.push_back({key.first, key.second, std::move(columns)});
    needs.functions = std::move(functions_);
    return needs;
  }

 private:
  // Null: the rows come from a write or a call.
  static const Relation* ReadsRelation(const Node& node) { return node.from_source ? nullptr : node.relation; }

  std::set<std::string>& Need(const Relation& relation, const char* privilege) {
    return relations_[{&relation, privilege}];
  }

  void NeedWholeRow(const Relation& relation) {
    std::set<std::string>& columns = Need(relation, "SELECT");
    for (const catalog::Column& column : relation.columns) columns.insert(column.name);
  }

  void NeedFunctionOf(const Node& node, const catalog::QualifiedName& function) {
    if (node.relation) functions_.push_back({function, 0, node.relation->row_type});
  }

  // `relation` is the one whose columns are read; null: the rows come from elsewhere.
  void ReadColumn(const Node& node, const Relation* relation, const ColumnRef& column) {
    if (column.name.empty()) return;
    if (plan::FindColumn(node, column.name)) {
      if (relation) Need(*relation, "SELECT").insert(column.name);
      return;
    }
    // A function of the row.
    if (relation) NeedWholeRow(*relation);
    const auto* computed =
        node.relation ? plan_.catalog->FindComputedColumn(node.relation->name, column.name, plan_.role) : nullptr;
    if (computed) NeedFunctionOf(node, computed->function);
  }

  void ReadConditions(const Node& node, const Relation* relation, const std::vector<Condition>& conditions) {
    for (const Condition& condition : conditions) {
      if (condition.kind == Condition::Kind::kFilter) ReadColumn(node, relation, condition.column);
      ReadConditions(node, relation, condition.children);
    }
  }

  void ReadOutputs(const Node& node, const Relation* relation) {
    for (const plan::Output& output : node.outputs) {
      if (output.kind == plan::Output::Kind::kStar && relation) NeedWholeRow(*relation);
      if (output.kind == plan::Output::Kind::kColumn && !output.column.is_count_star) {
        ReadColumn(node, relation, output.column.column);
      }
    }
  }

  void ReadNode(const Node& node, const Relation* relation) {
    if (relation) Need(*relation, "SELECT");
    ReadOutputs(node, relation);
    ReadConditions(node, relation, node.where);
    for (const plan::OrderTerm& term : node.order) {
      if (!term.embed) ReadColumn(node, relation, term.column);
    }
    for (const plan::HiddenColumn& hidden : node.hidden) {
      if (!hidden.is_output) ReadColumn(node, relation, hidden.column);
    }
    for (size_t i = 0; i < node.embeds.size(); ++i) {
      if (IsWritten(node, i)) ReadEmbed(node, relation, node.embeds[i]);
    }
  }

  void ReadEmbed(const Node& node, const Relation* relation, const Embed& embed) {
    const catalog::Relationship& relationship = embed.relationship;
    if (relationship.function) {
      if (relation) NeedWholeRow(*relation);
      NeedFunctionOf(node, *relationship.function);
      ReadNode(embed.node, nullptr);
      return;
    }
    const Relation* target = ReadsRelation(embed.node);
    ReadNode(embed.node, target);
    const auto pair = [&](const Relation* left, const std::string& of_left, const Relation* right,
                          const std::string& of_right) {
      if (left) Need(*left, "SELECT").insert(of_left);
      if (right) Need(*right, "SELECT").insert(of_right);
    };
    if (!relationship.junction) {
      for (const auto& [source, shown] : relationship.columns) pair(relation, source, target, shown);
      return;
    }
    const catalog::Junction& junction = *relationship.junction;
    const Relation* middle = plan_.catalog->FindRelation(junction.table);
    for (const auto& [source, joined] : junction.source_columns) pair(relation, source, middle, joined);
    for (const auto& [shown, joined] : junction.target_columns) pair(target, shown, middle, joined);
  }

  void ReadMutation(const Mutation& mutation) {
    const Relation& relation = *mutation.relation;
    using Kind = Mutation::Kind;
    const auto write = [&](const char* privilege) {
      std::set<std::string>& columns = Need(relation, privilege);
      for (const plan::PayloadColumn& column : mutation.columns) columns.insert(column.name);
    };
    if (mutation.kind == Kind::kDelete) Need(relation, "DELETE");
    if (mutation.kind == Kind::kUpdate) {
      const bool sets = !mutation.columns.empty();
      if (!sets) Need(relation, "SELECT");  // a SELECT of no row stands for it
      if (sets) write("UPDATE");
    }
    if (mutation.kind == Kind::kInsert || mutation.kind == Kind::kPut) {
      write("INSERT");
      for (const std::string& column : mutation.conflict) Need(relation, "SELECT").insert(column);
      if (mutation.merge && !mutation.conflict.empty() && !mutation.columns.empty()) write("UPDATE");
    }
    Node target;
    target.relation = &relation;
    target.columns = &relation.columns;
    const bool is_void = mutation.kind == Kind::kUpdate && mutation.columns.empty();
    if (!is_void) ReadConditions(target, &relation, mutation.where);
    for (const std::string& name : plan_.representation ? mutation.returning : mutation.location) {
      ColumnRef column;
      column.name = name;
      ReadColumn(target, &relation, column);
    }
    if (plan_.representation && mutation.returning_row) NeedWholeRow(relation);
  }

  void ReadMedia() {
    if (plan_.media.format != plan::Media::Format::kHandler || !plan_.media.handler) return;
    const catalog::MediaHandler& handler = *plan_.media.handler;
    const Relation* relation = handler.relation ? plan_.catalog->FindRelation(*handler.relation) : nullptr;
    functions_.push_back({handler.function, 0, relation ? relation->row_type : pgtypes::oid::kAnyElement});
  }

  const plan::Plan& plan_;
  std::map<std::pair<const Relation*, std::string>, std::set<std::string>> relations_;
  std::vector<FunctionNeed> functions_;
};

}  // namespace

Needs NeedsOf(const plan::Plan& plan) { return NeedsReader(plan).Read(); }

}  // namespace pando::sql
