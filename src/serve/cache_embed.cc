#include "serve/cache_embed.h"

#include <algorithm>
#include <boost/json.hpp>

#include "serve/cache_proof.h"
#include "serve/cache_tags.h"

namespace pando::serve {
namespace {

namespace json = boost::json;
using plan::Embed;
using plan::Node;
using plan::Output;

bool ShowsPlainColumns(const Node& node) {
  return std::all_of(node.outputs.begin(), node.outputs.end(), [&](const Output& output) {
    if (output.kind == Output::Kind::kStar) return !node.star_is_listed;
    const plan::ColumnOutput& column = output.column;
    return output.kind == Output::Kind::kColumn && !column.aggregate && !column.is_count_star && column.cast.empty() &&
           PlainColumn(node, column.column);
  });
}

// The members of an embedded row's JSON, each with the column that it shows.
std::vector<std::pair<std::string, std::string>> MembersOf(const Node& node) {
  std::vector<std::pair<std::string, std::string>> members;
  for (const Output& output : node.outputs) {
    if (output.kind == Output::Kind::kStar) {
      for (const catalog::Column& column : node.relation->columns) members.emplace_back(column.name, column.name);
    } else {
      members.emplace_back(output.column.key, output.column.column.name);
    }
  }
  return members;
}

// The one that shows a column; empty when none does, or when another has its name.
std::string MemberOf(const Node& node, const std::string& name) {
  const auto members = MembersOf(node);
  const auto shows = [&](const auto& member) { return member.second == name; };
  const auto found = std::find_if(members.begin(), members.end(), shows);
  if (found == members.end()) return "";
  const auto same =
      std::count_if(members.begin(), members.end(), [&](const auto& member) { return member.first == found->first; });
  return same == 1 ? found->first : "";
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

// The tags of one embed's JSON after the other.
class Adder {
 public:
  Adder(const EmbedRule& rule, size_t room, std::vector<cache::Tag>& tags) : rule_(rule), room_(room), tags_(tags) {}

  // False when it depends on all of the table.
  bool Add(std::optional<std::string> join, const std::string& text) {
    json::error_code failure;
    const json::value embedded = json::parse(text, failure);
    if (failure) return false;
    if (!join && !rule_.join_member.empty() && embedded.is_object()) {
      join = TextOf(embedded.get_object().if_contains(rule_.join_member));
    }
    if (!join || !AddEquality(*join)) return false;
    if (embedded.is_object()) return AddRow(embedded.get_object());
    if (!embedded.is_array()) return embedded.is_null();
    return std::all_of(embedded.get_array().begin(), embedded.get_array().end(),
                       [&](const json::value& row) { return row.is_object() && AddRow(row.get_object()); });
  }

 private:
  bool AddEquality(const std::string& join) {
    const std::string value = CanonicalValue(rule_.type, join);
    if (value.empty()) return false;
    tags_.push_back(EqualityTag(rule_.relation, rule_.column, value));
    return true;
  }

  bool AddRow(const json::object& row) {
    if (rule_.key.empty() || room_ == 0) return false;
    --room_;
    std::vector<std::string> texts;
    for (const std::string& member : rule_.key) {
      const std::optional<std::string> text = TextOf(row.if_contains(member));
      if (!text) return false;
      texts.push_back(*text);
    }
    const std::vector<std::string_view> key(texts.begin(), texts.end());
    tags_.push_back(RowTag(rule_.relation, key));
    return true;
  }

  const EmbedRule& rule_;
  size_t room_;
  std::vector<cache::Tag>& tags_;
};

}  // namespace

Uncacheable WhyNotEmbed(const Embed& embed) {
  const Node& node = embed.node;
  const catalog::Relationship& relationship = embed.relationship;
  if (embed.inner || embed.is_spread || embed.silent) return Uncacheable::kEmbedKind;
  if (relationship.junction || relationship.function || relationship.columns.size() != 1) {
    return Uncacheable::kEmbedJoin;
  }
  if (!node.relation || node.relation->kind != catalog::Relation::Kind::kTable) return Uncacheable::kEmbedTable;
  if (!node.embeds.empty()) return Uncacheable::kEmbedsEmbed;
  if (node.offset > 0) return Uncacheable::kCounts;
  if (!ShowsPlainColumns(node) || !node.hidden.empty()) return Uncacheable::kEmbedOutput;
  return WhyNotPlain(node);
}

EmbedRule MakeEmbedRule(const Node& near, size_t embed, const std::string& match, bool by_key) {
  const Node& far = near.embeds[embed].node;
  const auto& [near_column, far_column] = near.embeds[embed].relationship.columns.front();
  EmbedRule rule;
  rule.relation = far.relation->oid;
  const catalog::Column* column = far.relation->Get(far_column);
  const catalog::Column* other = near.relation->Get(near_column);
  // Without these, any change of the table counts.
  const bool joins_plainly = column && other && column->type == other->type && IsEqualityType(column->type) &&
                             !column->is_generated && !column->equates_texts && !other->equates_texts;
  if (!by_key || !joins_plainly) return rule;
  rule.place = PlaceOfEmbed(near, embed);
  rule.column = far_column;
  rule.type = column->type;
  rule.join_place = PlaceOf(near, near_column);
  rule.join_is_match = match == near_column;
  if (near.embeds[embed].to_one()) rule.join_member = MemberOf(far, far_column);
  rule.key = KeyMembers(far);
  return rule;
}

void AddEmbedTags(const EmbedRule& rule, const std::string& match_value, const pg::Rows& rows, size_t room,
                  std::vector<cache::Tag>& tags) {
  tags.push_back(WholeTag(rule.relation));
  const size_t begin = tags.size();
  const auto depend_on_all = [&] {
    tags.resize(begin);
    tags.push_back(AnyChangeTag(rule.relation));
  };
  if (rule.place < 0 || rule.place >= rows.columns() || rule.join_place >= rows.columns()) return depend_on_all();
  tags.push_back(ColumnTag(rule.relation, rule.column));
  Adder adder(rule, room, tags);
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
    if (!adder.Add(std::move(join), std::string(rows.Get(row, rule.place).value_or("null")))) return depend_on_all();
  }
}

}  // namespace pando::serve
