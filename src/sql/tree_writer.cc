#include "sql/tree_writer.h"

#include <algorithm>

#include "base/assert.h"
#include "sql/expressions.h"

namespace pando::sql {
namespace {

using plan::Condition;
using plan::Embed;
using plan::Node;
using plan::Output;

constexpr const char* kJsonColumn = "pando_json";       // of a lateral: the embed's value
constexpr const char* kHiddenPrefix = "pando_hidden_";  // beside kJsonColumn: columns for the parent's order

// A type that is no built-in one may have aggregates of its own (citext has): so these are looked up where the caller's
// search path says, as the operators of filters are. count() takes any type.
const char* FunctionOf(rest::Aggregate aggregate) {
  switch (aggregate) {
    case rest::Aggregate::kSum:
      return "SUM";
    case rest::Aggregate::kAvg:
      return "AVG";
    case rest::Aggregate::kCount:
      return "pg_catalog.count";
    case rest::Aggregate::kMax:
      return "MAX";
    case rest::Aggregate::kMin:
      return "MIN";
  }
  return "pg_catalog.count";
}

// Behind the relation's name, in the alias of a node.
std::string SuffixOf(const Node& node) { return node.depth > 0 ? "_" + std::to_string(node.depth) : ""; }

bool AboutEmbed(const Condition& condition, size_t embed) {
  if (condition.kind == Condition::Kind::kEmbedEmpty) return condition.embed == embed;
  return std::any_of(condition.children.begin(), condition.children.end(),
                     [&](const Condition& child) { return AboutEmbed(child, embed); });
}

}  // namespace

// ---------------------------------------------------------------------------------------------------------- aliases

std::string TreeWriter::AliasFor(const Node& node) {
  // The relation's own name, for the sake of PostgreSQL's messages; with underscores where it would hide a node above,
  // and cut where it would be too long.
  std::string end = SuffixOf(node);
  while (true) {
    std::string alias = plan::NameWith(node, end);
    if (std::find(aliases_.begin(), aliases_.end(), alias) == aliases_.end()) return alias;
    end += '_';
  }
}

void TreeWriter::ReserveAliases(const Node& node) {
  out_.Reserve(node.name.name + SuffixOf(node));
  for (const Embed& embed : node.embeds) ReserveAliases(embed.node);
}

std::vector<TreeWriter::Lifted> TreeWriter::LiftedBy(const Node& node) {
  std::vector<Lifted> lifted;
  for (const Output& output : node.outputs) {
    if (output.kind == Output::Kind::kColumn) {
      const auto& column = output.column;
      lifted.push_back({column.key, column.aggregate, column.aggregate_cast, column.is_count_star, false});
    } else if (output.kind == Output::Kind::kStar) {
      if (!node.columns) continue;
      for (const auto& column : *node.columns) lifted.push_back({column.name, {}, {}, false, false});
    } else {
      const Embed& embed = node.embeds[output.embed];
      if (embed.silent) continue;
      if (!embed.is_spread) {
        lifted.push_back({embed.key, {}, {}, false, true});
        continue;
      }
      for (Lifted& inner : LiftedBy(embed.node)) {
        if (!embed.to_one()) {
          inner.aggregate.reset();
          inner.is_json = true;  // an array of the values
        }
        lifted.push_back(std::move(inner));
      }
    }
  }
  return lifted;
}

std::vector<TreeWriter::Lifted> TreeWriter::LiftedBy(const Embed& embed) {
  std::vector<Lifted> lifted = LiftedBy(embed.node);
  size_t position = 0;
  for (Lifted& column : lifted) {
    const bool left_to_parent = embed.to_one() && column.aggregate && column.is_count_star;
    if (!left_to_parent) column.position = ++position;
  }
  return lifted;
}

size_t TreeWriter::PositionsOf(const Embed& embed) {
  const std::vector<Lifted> lifted = LiftedBy(embed);
  return static_cast<size_t>(std::count_if(lifted.begin(), lifted.end(), [](const Lifted& it) { return it.position; }));
}

std::string TreeWriter::HiddenColumnOf(const Embed& embed, const std::string& number) {
  if (!embed.is_spread || embed.silent) return kHiddenPrefix + number;
  return std::to_string(PositionsOf(embed) + std::stoul(number) + 1);
}

std::string TreeWriter::CountColumnOf(const Embed& embed) { return std::to_string(PositionsOf(embed) + 1); }

std::string TreeWriter::ColumnOf(const Embed& embed, const std::string& key) {
  if (!embed.is_spread) return key;
  for (const Lifted& lifted : LiftedBy(embed)) {
    const bool left_to_parent = embed.to_one() && lifted.aggregate;
    if (lifted.key == key && !left_to_parent) return std::to_string(lifted.position);
  }
  return key;
}

std::vector<std::string> TreeWriter::KeysOf(const Node& root) {
  std::vector<std::string> keys;
  for (Lifted& lifted : LiftedBy(root)) keys.push_back(std::move(lifted.key));
  return keys;
}

bool ChoosesRows(const Node& node, size_t embed) {
  return node.embeds[embed].inner ||
         std::any_of(node.where.begin(), node.where.end(), [&](const Condition& c) { return AboutEmbed(c, embed); });
}

bool IsWritten(const Node& node, size_t embed) {
  const Embed& it = node.embeds[embed];
  return !it.silent || !it.node.hidden.empty() || ChoosesRows(node, embed);
}

// ------------------------------------------------------------------------------------------------------------- node

void TreeWriter::WriteRows(const Node& root, Stars stars) {
  stars_ = stars;
  ReserveAliases(root);
  WriteNode(root, nullptr, nullptr, Mode::kRows);
}

void TreeWriter::WriteRowsForCount(const Node& root) {
  ReserveAliases(root);
  WriteNode(root, nullptr, nullptr, Mode::kCount);
}

void TreeWriter::WriteNode(const Node& node, const Embed* as_embed, const Scope* parent, Mode mode) {
  Scope scope{node, AliasFor(node), {}, false, false, {}, {}, 0};
  aliases_.push_back(scope.alias);
  for (size_t i = 0; i < node.embeds.size(); ++i) scope.laterals.push_back(out_.NextAlias());
  scope.is_spread = as_embed && as_embed->is_spread;
  scope.is_spread_row = scope.is_spread && as_embed->to_one();

  out_ << "SELECT ";
  if (mode == Mode::kCount && !node.grouped) {
    out_ << "1";
  } else if (as_embed && as_embed->silent) {
    out_ << "1 AS ";
    out_.Name(kJsonColumn);
    WriteHidden(scope, false);
  } else if (as_embed && !as_embed->is_spread && !node.hidden.empty()) {
    scope.row = out_.NextAlias();
    WritePacked(scope);
  } else {
    for (const Output& output : node.outputs) WriteOutput(scope, output);
    WriteHidden(scope, scope.written == 0);
  }
  std::string junction;
  WriteFrom(scope, as_embed, parent, &junction);
  WriteLaterals(scope, node.grouped ? Mode::kRows : mode);
  if (!scope.row.empty()) WriteRow(scope);
  WriteWhere(scope, as_embed, parent, junction);
  WriteGroups(scope);
  if (mode == Mode::kRows) {
    WriteOrder(scope);
    WriteWindow(node);
  }
  aliases_.pop_back();
}

// ---------------------------------------------------------------------------------------------------------- outputs

void TreeWriter::BeginOutput(Scope& scope, bool aggregated) {
  if (scope.written++ > 0) out_ << ", ";
  if (scope.node.grouped && !aggregated) scope.group_by.push_back(scope.written);
}

void TreeWriter::WritePacked(const Scope& scope) {
  out_ << "pg_catalog.row_to_json(";
  out_.Name(scope.row) << ".*) AS ";
  out_.Name(kJsonColumn);
  WriteHidden(scope, false);
}

void TreeWriter::WriteRow(Scope& scope) {
  PANDO_ASSERT(!scope.node.grouped);  // aggregates do not stand in FROM; the planner hides nothing of groups
  out_ << " CROSS JOIN LATERAL (SELECT ";
  for (const Output& output : scope.node.outputs) WriteOutput(scope, output);
  out_ << ") AS ";
  out_.Name(scope.row);
}

void TreeWriter::WriteHidden(const Scope& scope, bool first) {
  for (size_t i = 0; i < scope.node.hidden.size(); ++i) {
    if (!first || i > 0) out_ << ", ";
    const plan::HiddenColumn& hidden = scope.node.hidden[i];
    WriteColumn(out_, hidden.is_output ? scope.row : scope.alias, hidden.column);
    out_ << " AS ";
    out_.Name(kHiddenPrefix + std::to_string(i));
  }
}

void TreeWriter::WriteOutput(Scope& scope, const Output& output) {
  switch (output.kind) {
    case Output::Kind::kColumn:
      WriteColumnOutput(scope, output.column);
      break;
    case Output::Kind::kStar:
      WriteStar(scope);
      break;
    case Output::Kind::kEmbed:
      WriteEmbedOutput(scope, scope.node.embeds[output.embed], scope.laterals[output.embed]);
      break;
  }
}

void TreeWriter::WriteColumnOutput(Scope& scope, const plan::ColumnOutput& output) {
  const bool left_to_parent = scope.is_spread_row && output.aggregate;
  if (left_to_parent && output.is_count_star) return;
  BeginOutput(scope, output.aggregate.has_value());
  if (output.is_count_star) {
    out_ << "pg_catalog.count(*)";
  } else {
    const bool aggregates = output.aggregate && !left_to_parent;
    if (aggregates) out_ << FunctionOf(*output.aggregate) << "(";
    if (!output.column.to_json.empty()) out_ << output.column.to_json << "(";
    // A cast binds tighter than the arrows of a path.
    const bool enclosed = !output.cast.empty() && !output.column.path.empty();
    if (enclosed) out_ << "(";
    WriteColumn(out_, scope.alias, output.column);
    if (enclosed) out_ << ")";
    if (!output.column.to_json.empty()) out_ << ")";
    if (!output.cast.empty()) out_ << "::" << output.cast;
    if (aggregates) out_ << ")";
  }
  if (!left_to_parent && !output.aggregate_cast.empty()) out_ << "::" << output.aggregate_cast;
  const bool plain = output.key == output.column.name && output.column.path.empty() && output.column.to_json.empty() &&
                     output.cast.empty() && !output.aggregate && !output.is_count_star;
  if (plain) return;
  out_ << " AS ";
  out_.Name(output.key);
}

void TreeWriter::WriteStar(Scope& scope) {
  const Node& node = scope.node;
  // Columns that are not known are lifted by none.
  if (scope.is_spread && !node.columns) return;
  const bool list = stars_ == Stars::kListed && node.depth == 0;
  const bool listed =
      node.columns && (list || node.from_source || scope.node.grouped || scope.is_spread || node.star_is_listed);
  if (!listed) {
    BeginOutput(scope, true);
    out_.Name(scope.alias) << ".*";
    return;
  }
  for (size_t i = 0; i < node.columns->size(); ++i) {
    const std::string& name = (*node.columns)[i].name;
    BeginOutput(scope, false);
    const std::string representation = i < node.star_to_json.size() ? node.star_to_json[i] : "";
    if (!representation.empty()) out_ << representation << "(";
    out_.Column(scope.alias, name);
    if (representation.empty()) continue;
    out_ << ") AS ";
    out_.Name(name);
  }
}

void TreeWriter::WriteEmbedOutput(Scope& scope, const Embed& embed, const std::string& lateral) {
  if (embed.silent) return;
  if (embed.is_spread) {
    for (const Lifted& lifted : LiftedBy(embed)) {
      const std::string column = std::to_string(lifted.position);
      const bool aggregates = embed.to_one() && lifted.aggregate;
      const bool left_to_parent = aggregates && scope.is_spread_row;
      if (left_to_parent && lifted.is_count_star) continue;
      BeginOutput(scope, aggregates);
      if (!embed.to_one()) {
        out_ << "COALESCE(";
        out_.Column(lateral, column) << ", '[]')" << (scope.node.grouped ? "::pg_catalog.jsonb" : "");
      } else if (aggregates && !left_to_parent) {
        out_ << FunctionOf(*lifted.aggregate) << "(";
        if (lifted.is_count_star) {
          out_ << "*";
        } else {
          out_.Column(lateral, column);
        }
        out_ << ")";
        if (!lifted.aggregate_cast.empty()) out_ << "::" << lifted.aggregate_cast;
      } else {
        // json has no equality to group by; jsonb has.
        out_.Column(lateral, column) << (scope.node.grouped && lifted.is_json ? "::pg_catalog.jsonb" : "");
      }
      out_ << " AS ";
      out_.Name(lifted.key);
    }
    return;
  }
  BeginOutput(scope, false);
  if (!embed.to_one()) {
    out_ << "COALESCE(";
    out_.Column(lateral, kJsonColumn) << ", '[]')";
  } else if (!embed.node.hidden.empty()) {
    out_.Column(lateral, kJsonColumn);
  } else {
    out_ << "pg_catalog.row_to_json(";
    out_.Name(lateral) << ".*)";
  }
  out_ << (scope.node.grouped ? "::pg_catalog.jsonb AS " : " AS ");
  out_.Name(embed.key);
}

// ------------------------------------------------------------------------------------------------------------- from

void TreeWriter::WriteFrom(const Scope& scope, const Embed* as_embed, const Scope* parent, std::string* junction) {
  out_ << " FROM ";
  if (as_embed && as_embed->relationship.function) {
    out_.Name(*as_embed->relationship.function) << "(";
    if (parent->node.from_source) {
      out_.Column(parent->alias, plan::RowColumnOf(parent->node));
    } else {
      out_.Name(parent->alias) << ".*";
    }
    out_ << ")";
  } else if (scope.node.from_source) {
    out_.Name(Node::kSourceName);
  } else {
    out_.Name(scope.node.name);
  }
  out_ << " AS ";
  out_.Name(scope.alias);
  if (!as_embed || !as_embed->relationship.junction) return;
  *junction = out_.NextAlias();
  out_ << " INNER JOIN ";
  out_.Name(as_embed->relationship.junction->table) << " AS ";
  out_.Name(*junction) << " ON ";
  bool first = true;
  for (const auto& [target, middle] : as_embed->relationship.junction->target_columns) {
    if (!first) out_ << " AND ";
    first = false;
    out_.Column(scope.alias, target) << " = ";
    out_.Column(*junction, middle);
  }
}

void TreeWriter::WriteLaterals(const Scope& scope, Mode mode) {
  for (size_t i = 0; i < scope.node.embeds.size(); ++i) {
    const bool is_written = mode == Mode::kCount ? ChoosesRows(scope.node, i) : IsWritten(scope.node, i);
    if (is_written) WriteLateral(scope, scope.node.embeds[i], scope.laterals[i]);
  }
}

void TreeWriter::WriteLateral(const Scope& scope, const Embed& embed, const std::string& lateral) {
  const bool has_positions = embed.is_spread && !embed.silent;
  const size_t positions = has_positions ? PositionsOf(embed) : 0;
  out_ << (embed.inner ? " INNER JOIN LATERAL (" : " LEFT JOIN LATERAL (");
  if (embed.to_one()) {
    WriteNode(embed.node, &embed, &scope, Mode::kRows);
  } else {
    out_ << "SELECT ";
    if (embed.is_spread) {
      for (size_t i = 1; i <= PositionsOf(embed); ++i) {
        out_ << "pg_catalog.json_agg(";
        out_.Column(lateral, std::to_string(i)) << "), ";
      }
      out_ << "pg_catalog.count(*)";
    } else {
      out_ << "pg_catalog.json_agg(";
      out_.Name(lateral) << ".*) AS ";
      out_.Name(kJsonColumn);
    }
    out_ << " FROM (";
    WriteNode(embed.node, &embed, &scope, Mode::kRows);
    out_ << ") AS ";
    out_.Name(lateral);
    if (has_positions) out_.Positions(positions);
  }
  out_ << ") AS ";
  out_.Name(lateral);
  // Behind the outputs: the number of rows, or the columns for the parent's order.
  if (embed.is_spread && !embed.to_one()) out_.Positions(positions + 1);
  if (has_positions && embed.to_one()) out_.Positions(positions + embed.node.hidden.size());
  out_ << " ON ";
  if (embed.to_one() || !embed.inner) {
    out_ << "TRUE";
  } else if (embed.is_spread) {
    out_.Column(lateral, CountColumnOf(embed)) << " > 0";
  } else {
    out_.Column(lateral, kJsonColumn) << " IS NOT NULL";
  }
}

// ------------------------------------------------------------------------------------------------------ where, order

void TreeWriter::WriteWhere(const Scope& scope, const Embed* as_embed, const Scope* parent,
                            const std::string& junction) {
  bool first = true;
  const auto next = [&] {
    out_ << (first ? " WHERE " : " AND ");
    first = false;
  };
  if (as_embed && as_embed->relationship.junction) {
    for (const auto& [source, middle] : as_embed->relationship.junction->source_columns) {
      next();
      out_.Column(junction, middle) << " = ";
      out_.Column(parent->alias, source);
    }
  } else if (as_embed) {
    for (const auto& [source, target] : as_embed->relationship.columns) {
      next();
      out_.Column(scope.alias, target) << " = ";
      out_.Column(parent->alias, source);
    }
  }
  for (const Condition& condition : scope.node.where) {
    next();
    WriteCondition(scope, condition);
  }
}

void TreeWriter::WriteConditions(const std::vector<Condition>& conditions, const std::string& alias) {
  const Node none;
  const Scope scope{none, alias, {}, false, false, {}, {}, 0};
  for (size_t i = 0; i < conditions.size(); ++i) {
    if (i > 0) out_ << " AND ";
    WriteCondition(scope, conditions[i]);
  }
}

void TreeWriter::WriteCondition(const Scope& scope, const Condition& condition) {
  if (condition.kind == Condition::Kind::kFilter) {
    WriteFilter(out_, scope.alias, condition.column, condition.operation);
    return;
  }
  if (condition.kind == Condition::Kind::kEmbedEmpty) {
    const Embed& embed = scope.node.embeds[condition.embed];
    const std::string& lateral = scope.laterals[condition.embed];
    if (!embed.to_one() && embed.is_spread) {
      out_.Column(lateral, CountColumnOf(embed)) << (condition.negated ? " > 0" : " = 0");
    } else if (!embed.to_one() || embed.silent) {
      out_.Column(lateral, kJsonColumn) << (condition.negated ? " IS NOT NULL" : " IS NULL");
    } else {
      // A row of NULLs is a row: IS NULL would not tell it from none. The name alone would be a column's, if there is
      // one.
      out_.Name(lateral) << (condition.negated ? ".* IS DISTINCT FROM NULL" : ".* IS NOT DISTINCT FROM NULL");
    }
    return;
  }
  out_ << (condition.negated ? "NOT (" : "(");
  for (size_t i = 0; i < condition.children.size(); ++i) {
    if (i > 0) out_ << (condition.kind == Condition::Kind::kAnd ? " AND " : " OR ");
    WriteCondition(scope, condition.children[i]);
  }
  out_ << ")";
}

void TreeWriter::WriteGroups(const Scope& scope) {
  const char* word = " GROUP BY ";
  for (const int position : scope.group_by) {
    out_ << word;
    word = ", ";
    out_.Number(position);
  }
  if (!scope.node.grouped) return;
  // What groups are ordered by is the same in all rows of a group, which PostgreSQL cannot know. Where it may be
  // another that shows the same, the rows would become two groups.
  for (const plan::OrderTerm& term : scope.node.order) {
    if (!term.embed || term.by_least) continue;
    out_ << word;
    word = ", ";
    WriteOrderColumn(scope, term);
  }
}

void TreeWriter::WriteOrderColumn(const Scope& scope, const plan::OrderTerm& term) {
  if (!term.embed) {
    WriteColumn(out_, scope.alias, term.column);
    return;
  }
  const Embed& embed = scope.node.embeds[*term.embed];
  plan::ColumnRef column = term.column;
  column.name = term.by_output ? ColumnOf(embed, column.name) : HiddenColumnOf(embed, column.name);
  WriteColumn(out_, scope.laterals[*term.embed], column);
}

void TreeWriter::WriteOrder(const Scope& scope) {
  for (size_t i = 0; i < scope.node.order.size(); ++i) {
    const plan::OrderTerm& term = scope.node.order[i];
    out_ << (i == 0 ? " ORDER BY " : ", ");
    // Unlike min(), of every type that has an order.
    if (term.by_least) out_ << "pg_catalog.percentile_disc(0) WITHIN GROUP (ORDER BY ";
    WriteOrderColumn(scope, term);
    if (term.by_least) out_ << ")";
    if (term.direction) out_ << (*term.direction == rest::Direction::kAsc ? " ASC" : " DESC");
    if (term.nulls) out_ << (*term.nulls == rest::Nulls::kFirst ? " NULLS FIRST" : " NULLS LAST");
  }
}

void TreeWriter::WriteWindow(const Node& node) {
  if (node.limit) {
    out_ << " LIMIT ";
    out_.Value(std::to_string(*node.limit)) << "::bigint";
  }
  if (node.offset > 0) {
    out_ << " OFFSET ";
    out_.Value(std::to_string(node.offset)) << "::bigint";
  }
}

}  // namespace pando::sql
