#include "dependencies/embed.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "cache/rules.h"
#include "dependencies/proof.h"
#include "dependencies/tags.h"

namespace pando::dependencies {
namespace {

namespace json = boost::json;
using plan::Embed;
using plan::Node;
using plan::Output;

// Its JSON shows columns of the table as they are, and embeds.
bool ShowsPlainColumns(const Node& node) {
  return std::all_of(node.outputs.begin(), node.outputs.end(), [&](const Output& output) {
    if (output.kind == Output::Kind::kStar) return !node.star_is_listed;
    if (output.kind == Output::Kind::kEmbed) return !node.embeds[output.embed].is_spread;
    const plan::ColumnOutput& column = output.column;
    return !column.aggregate && !column.is_count_star && column.cast.empty() && PlainColumn(node, column.column);
  });
}

// The members of an embedded row's JSON, each with the column that it shows; an embed shows none.
std::vector<std::pair<std::string, std::string>> MembersOf(const Node& node) {
  std::vector<std::pair<std::string, std::string>> members;
  for (const Output& output : node.outputs) {
    if (output.kind == Output::Kind::kStar) {
      for (const catalog::Column& column : node.relation->columns) members.emplace_back(column.name, column.name);
    } else if (output.kind == Output::Kind::kEmbed) {
      members.emplace_back(node.embeds[output.embed].key, "");
    } else {
      members.emplace_back(output.column.key, output.column.column.name);
    }
  }
  return members;
}

// True if exactly one member has this name.
bool IsOnly(const std::vector<std::pair<std::string, std::string>>& members, const std::string& name) {
  return std::count_if(members.begin(), members.end(), [&](const auto& member) { return member.first == name; }) == 1;
}

// The one that shows a column; empty when none does, or when another has its name.
std::string MemberOf(const Node& node, const std::string& name) {
  const auto members = MembersOf(node);
  const auto shows = [&](const auto& member) { return member.second == name; };
  const auto found = std::find_if(members.begin(), members.end(), shows);
  return found != members.end() && IsOnly(members, found->first) ? found->first : "";
}

std::vector<std::string> KeyMembers(const Node& node) {
  std::vector<std::string> members;
  for (const catalog::Column* column : KeyColumns(*node.relation)) {
    members.push_back(MemberOf(node, column->name));
    if (members.back().empty() || !IsEqualityType(column->type)) return {};
  }
  return members;
}

// PostgreSQL's text of a value; nullopt when it does not follow.
std::optional<std::string> TextOf(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return std::to_string(value->get_int64());
  if (value->is_string()) return std::string(value->get_string().data(), value->get_string().size());
  if (value->is_bool()) return value->get_bool() ? "t" : "f";
  return std::nullopt;
}

void DependOnAll(pgtypes::Oid relation, std::vector<cache::Tag>& tags) {
  tags.push_back(WholeTag(relation));
  tags.push_back(AnyChangeTag(relation));
}

// An embed whose rows cannot be told one by one, and what is below it.
void DependOnAll(const EmbedRule& rule, std::vector<cache::Tag>& tags) {
  DependOnAll(rule.relation, tags);
  for (const pgtypes::Oid relation : rule.besides) DependOnAll(relation, tags);
  for (const EmbedRule& below : rule.embeds) DependOnAll(below, tags);
}

// The tags of one embed's JSON after the other.
class Adder {
 public:
  Adder(size_t room, std::vector<cache::Tag>& tags) : room_(room), tags_(tags) {}

  // What the near row embeds by `rule`, and what is embedded in that. False when something of it cannot be told.
  bool Add(const EmbedRule& rule, std::optional<std::string> join, const json::value& embedded) {
    if (!join && !rule.join_member.empty() && embedded.is_object()) {
      join = TextOf(embedded.get_object().if_contains(rule.join_member));
    }
    if (!join || !AddEquality(rule, *join)) return false;
    if (embedded.is_object()) return AddRow(rule, embedded.get_object());
    if (!embedded.is_array()) return embedded.is_null();
    return std::all_of(embedded.get_array().begin(), embedded.get_array().end(),
                       [&](const json::value& row) { return row.is_object() && AddRow(rule, row.get_object()); });
  }

 private:
  bool AddEquality(const EmbedRule& rule, const std::string& join) {
    const std::string value = CanonicalValue(rule.type, join);
    if (value.empty()) return false;
    tags_.push_back(EqualityTag(rule.relation, rule.column, value));
    return true;
  }

  bool AddRow(const EmbedRule& rule, const json::object& row) {
    if (rule.key.empty() || room_ == 0) return false;
    --room_;
    std::vector<std::string> texts;
    for (const std::string& member : rule.key) {
      const std::optional<std::string> text = TextOf(row.if_contains(member));
      if (!text) return false;
      texts.push_back(*text);
    }
    const std::vector<std::string_view> key(texts.begin(), texts.end());
    tags_.push_back(RowTag(rule.relation, key));
    return std::all_of(rule.embeds.begin(), rule.embeds.end(),
                       [&](const EmbedRule& below) { return !below.is_followed || AddBelow(below, row); });
  }

  bool AddBelow(const EmbedRule& rule, const json::object& near) {
    const json::value* const embedded = near.if_contains(rule.member);
    if (embedded == nullptr) return false;
    std::optional<std::string> join;
    if (!rule.near_member.empty()) {
      const json::value* const value = near.if_contains(rule.near_member);
      // What is NULL joins with nothing, until the row itself changes.
      if (value != nullptr && value->is_null()) return true;
      join = TextOf(value);
    }
    return Add(rule, std::move(join), *embedded);
  }

  size_t room_;
  std::vector<cache::Tag>& tags_;
};

// What it depends on whatever the rows are.
void AddTablesOf(const EmbedRule& rule, std::vector<cache::Tag>& tags) {
  if (!rule.is_followed) return DependOnAll(rule, tags);
  tags.push_back(WholeTag(rule.relation));
  tags.push_back(ColumnTag(rule.relation, rule.column));
  for (const EmbedRule& below : rule.embeds) AddTablesOf(below, tags);
}

// Adds the tags of the embedded rows of every near row. False: some of them cannot be named.
bool AddRowsOf(const EmbedRule& rule, const std::string& match_value, const pg::Rows& rows, size_t room,
               std::vector<cache::Tag>& tags) {
  if (rule.place < 0 || rule.place >= rows.columns() || rule.join_place >= rows.columns()) return false;
  Adder adder(room, tags);
  for (int row = 0; row < rows.size(); ++row) {
    std::optional<std::string> join;
    if (rule.join_place >= 0) {
      const auto value = rows.Get(row, rule.join_place);
      // What is NULL joins with nothing, until the row itself changes.
      if (!value) continue;
      join = *value;
    } else if (rule.join_is_match) {
      join = match_value;
    }
    // An embed that is there has its JSON; where it is NULL it has no row.
    json::error_code failure;
    const json::value embedded = json::parse(rows.Get(row, rule.place).value_or("null"), failure);
    if (failure || !adder.Add(rule, std::move(join), embedded)) return false;
  }
  return true;
}

// Under which oid its changes come, but for those of what is below.
pgtypes::Oid ChangedAs(const catalog::Relation& relation, const EmbedTables& tables) {
  return tables.cacheables.tables.at(relation.oid).by_key ? TableOf(relation) : relation.oid;
}

void AddBelow(const catalog::Relation& relation, const EmbedTables& tables, std::vector<pgtypes::Oid>& besides) {
  const std::vector<pgtypes::Oid>& below = tables.cacheables.tables.at(relation.oid).below;
  besides.insert(besides.end(), below.begin(), below.end());
}

// By one column of a foreign key, and all rows that match it and the embed's own filters are shown or behind a limit.
bool CanBeFollowed(const Embed& embed) {
  const Node& node = embed.node;
  if (embed.inner || embed.is_spread || embed.silent) return false;
  if (embed.relationship.junction || embed.relationship.columns.size() != 1) return false;
  return node.offset == 0 && node.hidden.empty() && ChoosesByItself(node) && ShowsPlainColumns(node);
}

// Where the join value can be seen, and that its equality is one of texts. False: it cannot be followed.
bool FollowJoin(const Node& near, const Embed& embed, EmbedRule& rule) {
  const auto& [near_column, far_column] = embed.relationship.columns.front();
  const catalog::Column* column = embed.node.relation->Get(far_column);
  const catalog::Column* other = near.relation->Get(near_column);
  const bool joins_plainly = column && other && column->type == other->type && IsEqualityType(column->type) &&
                             !column->is_generated && !column->equates_texts && !other->equates_texts;
  if (!joins_plainly) return false;
  rule.column = TableColumn(*embed.node.relation, far_column);
  if (rule.column.empty()) return false;
  rule.type = column->type;
  rule.join_place = PlaceOf(near, near_column);
  rule.near_member = MemberOf(near, near_column);
  if (embed.to_one()) rule.join_member = MemberOf(embed.node, far_column);
  return true;
}

}  // namespace

EmbedRule MakeEmbedRule(const Node& near, size_t embed, const std::string& match, bool followed,
                        const EmbedTables& tables) {
  const Embed& wanted = near.embeds[embed];
  const Node& far = wanted.node;
  EmbedRule rule;
  rule.relation = ChangedAs(*far.relation, tables);
  const bool by_key = tables.cacheables.tables.at(far.relation->oid).by_key;
  rule.is_followed = followed && by_key && CanBeFollowed(wanted) && FollowJoin(near, wanted, rule);
  if (rule.is_followed) {
    rule.place = PlaceOfEmbed(near, embed);
    rule.member = IsOnly(MembersOf(near), wanted.key) ? wanted.key : "";
    rule.join_is_match = match == wanted.relationship.columns.front().first;
    rule.key = KeyMembers(far);
  }
  for (size_t i = 0; i < far.embeds.size(); ++i) {
    rule.embeds.push_back(MakeEmbedRule(far, i, "", rule.is_followed && !rule.key.empty(), tables));
  }
  AddBelow(*far.relation, tables, rule.besides);
  if (const auto& junction = wanted.relationship.junction) {
    const catalog::Relation& between = *tables.catalog.FindRelation(junction->table);
    rule.besides.push_back(ChangedAs(between, tables));
    AddBelow(between, tables, rule.besides);
  }
  return rule;
}

void AddEmbedTags(const EmbedRule& rule, const std::string& match_value, const pg::Rows& rows, size_t room,
                  std::vector<cache::Tag>& tags) {
  if (!cache::Holds(cache::Rule::kEmbedTags)) return;
  const size_t begin = tags.size();
  AddTablesOf(rule, tags);
  if (!rule.is_followed || AddRowsOf(rule, match_value, rows, room, tags)) return;
  tags.resize(begin);
  DependOnAll(rule, tags);
}

}  // namespace pando::dependencies
